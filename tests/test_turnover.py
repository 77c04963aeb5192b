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
PATHS = ["/ws/one/", "/ws/two/", "/ws/chat/room{}/?events=all", "/ws/chat/"]


def alive() -> int:
    """Consumers and outlets that still exist."""
    gc.collect()
    return sum(isinstance(thing, SocketConsumer | Outlet) for thing in gc.get_objects())


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
async def test_no_task_channel_group_or_object_is_left_over(fanout: str, nothing_left: None) -> None:
    before = alive()
    # With FANOUT=channels the in-memory layer's cost grows with the square of the crowd.
    viewers, rounds = (VIEWERS, ROUNDS) if fanout == "broadcast" else (VIEWERS // 10, ROUNDS)
    for _ in range(rounds):
        crowd = [socket(PATHS[number % 4].format(number % 7)) for number in range(viewers)]
        assert all(connected for connected, _ in await asyncio.gather(*(c.connect(timeout=60) for c in crowd)))
        await asyncio.gather(*(client.disconnect(timeout=60) for client in crowd))
    del crowd
    while broadcast.counts():
        await asyncio.sleep(0.05)
    for alias in ("default", "local"):
        layer = get_channel_layer(alias)
        assert (layer.groups, layer.channels) == ({}, {}), alias
    assert alive() == before
