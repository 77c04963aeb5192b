"""The layer in memory for large groups."""

import asyncio

import pytest

from examplechannels.layers import BATCH, LocalLayer

GROUP = "crowd"
MESSAGE = {"type": "word", "text": "hello"}


@pytest.fixture
def layer() -> LocalLayer:
    return LocalLayer(capacity=1)


async def join(layer: LocalLayer, count: int) -> list[str]:
    channels = [await layer.new_channel() for _ in range(count)]
    for channel in channels:
        await layer.group_add(GROUP, channel)
    return channels


async def test_others_get_their_turn_while_a_large_group_is_sent_to(layer: LocalLayer) -> None:
    await join(layer, 5 * BATCH)
    sending = asyncio.create_task(layer.group_send(GROUP, MESSAGE))
    seen = set()
    while not sending.done():
        seen.add(len(layer.channels))
        await asyncio.sleep(0)
    assert seen == {0, BATCH, 2 * BATCH, 3 * BATCH, 4 * BATCH}
    assert len(layer.channels) == 5 * BATCH


async def test_a_huge_group_is_not_paused_for_longer_than_a_second(
    layer: LocalLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    await join(layer, 10_000)
    monkeypatch.setattr("examplechannels.layers.asyncio.sleep", sleep)
    await layer.group_send(GROUP, MESSAGE)
    assert sum(pauses) <= 1
    assert len(layer.channels) == 10_000


async def test_a_full_mailbox_is_skipped(layer: LocalLayer) -> None:
    first, second = await join(layer, 2)
    await layer.send(first, {"type": "earlier"})
    await layer.group_send(GROUP, MESSAGE)
    assert await layer.receive(first) == {"type": "earlier"}
    assert await layer.receive(second) == MESSAGE


async def test_who_leaves_meanwhile_gets_no_mailbox(layer: LocalLayer) -> None:
    *_, last = await join(layer, BATCH + 1)
    sending = asyncio.create_task(layer.group_send(GROUP, MESSAGE))
    await asyncio.sleep(0)
    await layer.group_discard(GROUP, last)
    await sending
    assert len(layer.channels) == BATCH
    assert last not in layer.channels


async def test_what_nobody_fetched_expires() -> None:
    layer = LocalLayer(expiry=0)
    await join(layer, 1)
    await layer.group_send(GROUP, MESSAGE)
    async with asyncio.timeout(10):
        while layer.channels:
            await layer.group_send("nobody", MESSAGE)
            await asyncio.sleep(0.01)
    assert GROUP not in layer.groups or not layer.groups[GROUP]
