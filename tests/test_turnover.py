"""Nothing of a viewer outlives it: 1,000 come and go at once, 20 times, in one process."""

import asyncio
import gc

import pytest
from channels.layers import get_channel_layer

from examplechannels.broadcast import broadcast
from examplechannels.outlet import Outlet
from examplechannels.viewer import SocketConsumer
from tests.sockets import socket

VIEWERS, ROUNDS = 1000, 20
# What Channels sends to a channel just when its socket goes makes the channel anew, until that message expires.
EXPIRY_SECONDS = 10
PATHS = ["/ws/one/", "/ws/two/", "/ws/chat/room{}/?events=all", "/ws/chat/"]


def alive() -> int:
    """Consumers and outlets that still exist."""
    gc.collect()
    return sum(isinstance(thing, SocketConsumer | Outlet) for thing in gc.get_objects())


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
async def test_no_task_channel_group_or_object_is_left_over(
    fanout: str, nothing_left: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = alive()
    layers = [get_channel_layer(alias) for alias in ("default", "local")]
    for layer in layers:
        monkeypatch.setattr(layer, "expiry", EXPIRY_SECONDS)
    # With FANOUT=channels the in-memory layer's cost grows with the square of the crowd.
    viewers, rounds = (VIEWERS, ROUNDS) if fanout == "broadcast" else (VIEWERS // 10, ROUNDS)
    for _ in range(rounds):
        crowd = [socket(PATHS[number % 4].format(number % 7)) for number in range(viewers)]
        assert all(connected for connected, _ in await asyncio.gather(*(c.connect(timeout=60) for c in crowd)))
        await asyncio.gather(*(client.disconnect(timeout=60) for client in crowd))
    del crowd
    while broadcast.counts():
        await asyncio.sleep(0.05)
    for layer in layers:
        async with asyncio.timeout(2 * EXPIRY_SECONDS):
            while layer.groups or layer.channels:
                await asyncio.sleep(0.05)
                await layer.group_send("nobody", {"type": "tidy"})  # it looks for what has expired before it sends
    assert alive() == before


@pytest.mark.django_db(transaction=True)
async def test_a_consumer_is_gone_with_its_socket_without_the_garbage_collector(nothing_left: None) -> None:
    before = alive()
    gc.disable()
    try:
        crowd = [socket(path.format("1")) for path in PATHS[1:]]  # a sync one takes its thread's traceback along
        for client in crowd:
            await client.connect(timeout=5)
            await client.disconnect(timeout=5)
        crowd.clear()
        del client
        while broadcast.counts():
            await asyncio.sleep(0.05)
        left = [thing for thing in gc.get_objects() if isinstance(thing, SocketConsumer | Outlet)]
    finally:
        gc.enable()
    assert len(left) == before, left
