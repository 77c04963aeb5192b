import asyncio
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers

from examplechannels.broadcast import Broadcast, event, local_group
from examplechannels.outlet import SendFrame

GROUP = "test.group"


class Viewer:
    def __init__(self) -> None:
        self.texts: list[str] = []
        self.told_to_catch_up = 0

    def deliver(self, message: SendFrame) -> None:
        self.texts.append(message["text"])

    def catch_up(self) -> None:
        self.told_to_catch_up += 1


@pytest.fixture
def layer() -> Any:
    layer = InMemoryChannelLayer()
    previous = channel_layers.set("default", layer)
    yield layer
    channel_layers.set("default", previous)


async def until_received(viewer: Viewer, count: int) -> None:
    async with asyncio.timeout(2):
        while len(viewer.texts) < count:
            await asyncio.sleep(0)


async def test_every_viewer_of_the_group_gets_the_frame_once(layer: InMemoryChannelLayer, nothing_left: None) -> None:
    broadcast = Broadcast()
    members, outsider = [Viewer() for _ in range(600)], Viewer()
    for member in members:
        await broadcast.group_add(GROUP, member)
    await broadcast.group_add("test.other", outsider)
    await layer.group_send(GROUP, event(GROUP, {"n": 1}))
    await until_received(members[-1], 1)
    assert all(member.texts == ['{"n":1}'] for member in members)
    assert outsider.texts == []
    for member in members:
        await broadcast.group_discard(GROUP, member)
    await broadcast.group_discard("test.other", outsider)


async def test_the_layer_knows_one_channel_however_many_watch(layer: InMemoryChannelLayer, nothing_left: None) -> None:
    broadcast = Broadcast()
    viewers = [Viewer() for _ in range(10)]
    # All at once: two first viewers must not make two channels.
    await asyncio.gather(*(broadcast.group_add(GROUP, viewer) for viewer in viewers))
    assert len(layer.groups[GROUP]) == 1
    await asyncio.gather(*(broadcast.group_discard(GROUP, viewer) for viewer in viewers))


async def test_nothing_is_left_after_the_last_viewer(layer: InMemoryChannelLayer, nothing_left: None) -> None:
    broadcast = Broadcast()
    for _ in range(3):
        viewers = [Viewer() for _ in range(100)]
        await asyncio.gather(*(broadcast.group_add(f"{GROUP}.{n % 7}", v) for n, v in enumerate(viewers)))
        await asyncio.gather(*(broadcast.group_discard(f"{GROUP}.{n % 7}", v) for n, v in enumerate(viewers)))
    assert (layer.groups, layer.channels, broadcast.counts()) == ({}, {}, {})


async def test_who_joins_while_the_last_leaves_is_served(layer: InMemoryChannelLayer, nothing_left: None) -> None:
    broadcast = Broadcast()
    first, second = Viewer(), Viewer()
    await broadcast.group_add(GROUP, first)
    await asyncio.gather(broadcast.group_discard(GROUP, first), broadcast.group_add(GROUP, second))
    await layer.group_send(GROUP, event(GROUP, 1))
    await until_received(second, 1)
    assert first.texts == []
    await broadcast.group_discard(GROUP, second)


async def test_who_joins_after_a_leaving_that_was_cancelled_is_served(
    layer: InMemoryChannelLayer, nothing_left: None
) -> None:
    broadcast, first, second = Broadcast(), Viewer(), Viewer()
    await broadcast.group_add(GROUP, first)
    leaving = asyncio.create_task(broadcast.group_discard(GROUP, first))
    await asyncio.sleep(0)  # until it waits for the tasks that it ended
    leaving.cancel()
    await asyncio.wait([leaving])
    assert leaving.cancelled()
    await broadcast.group_add(GROUP, second)
    await layer.group_send(GROUP, event(GROUP, 1))
    await until_received(second, 1)
    await broadcast.group_discard(GROUP, second)


@pytest.mark.parametrize("error", [ConnectionError("away"), RuntimeError("a mistake of ours")])
async def test_leaving_never_raises_and_who_joins_then_is_served(
    error: Exception, layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    broadcast, first, second = Broadcast(), Viewer(), Viewer()

    async def fail(*_: Any) -> None:
        raise error

    await broadcast.group_add(GROUP, first)
    with monkeypatch.context() as patch:
        patch.setattr(layer, "group_discard", fail)
        await broadcast.group_discard(GROUP, first)
    await broadcast.group_add(GROUP, second)
    await layer.group_send(GROUP, event(GROUP, 1))
    await until_received(second, 1)
    assert first.texts == []
    await broadcast.group_discard(GROUP, second)


async def test_discarding_a_stranger_does_nothing(layer: InMemoryChannelLayer, nothing_left: None) -> None:
    await Broadcast().group_discard(GROUP, Viewer())


async def test_a_local_group_never_reaches_the_layer(layer: InMemoryChannelLayer, nothing_left: None) -> None:
    broadcast, viewer = Broadcast(), Viewer()
    await broadcast.group_add(local_group("x"), viewer)
    await broadcast.send_here(local_group("x"), {"n": 1})
    assert viewer.texts == ['{"n":1}']
    assert layer.groups == {}
    await broadcast.group_discard(local_group("x"), viewer)


async def test_publish_reaches_the_group_in_order(layer: InMemoryChannelLayer, nothing_left: None) -> None:
    broadcast, viewer = Broadcast(), Viewer()
    await broadcast.group_add(GROUP, viewer)
    for number in range(50):
        broadcast.publish(GROUP, number)
    await until_received(viewer, 50)
    assert viewer.texts == [str(number) for number in range(50)]
    await broadcast.group_discard(GROUP, viewer)


@pytest.mark.parametrize("error", [ConnectionError("away"), RuntimeError("a mistake of ours")])
async def test_what_could_not_be_published_is_followed_by_catch_up(
    error: Exception, layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    broadcast, viewer, outsider = Broadcast(), Viewer(), Viewer()
    await broadcast.group_add(GROUP, viewer)
    await broadcast.group_add("test.other", outsider)

    async def away(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(layer, "group_send", away)
        broadcast.publish(GROUP, "lost")
        await asyncio.sleep(0)
    async with asyncio.timeout(2):
        while not viewer.told_to_catch_up:
            await asyncio.sleep(0.01)
    broadcast.publish(GROUP, "live again")
    await until_received(viewer, 1)
    assert viewer.texts == ['"live again"']
    assert outsider.told_to_catch_up == 0
    await broadcast.group_discard(GROUP, viewer)
    await broadcast.group_discard("test.other", outsider)


async def test_an_event_that_is_none_does_not_stop_the_next(
    layer: InMemoryChannelLayer, caplog: pytest.LogCaptureFixture, nothing_left: None
) -> None:
    broadcast, viewer = Broadcast(), Viewer()
    await broadcast.group_add(GROUP, viewer)
    await layer.group_send(GROUP, {"type": "broadcast"})
    await layer.group_send(GROUP, event(GROUP, 1))
    await until_received(viewer, 1)
    assert "not handed out" in caplog.text
    await broadcast.group_discard(GROUP, viewer)


class FalteringLayer(InMemoryChannelLayer):
    """A layer that counts connections as Redis's does, and can be away."""

    connections_made = 2
    away = False
    probes = 0

    async def send(self, channel: str, message: Any) -> None:
        if self.away:
            raise ConnectionError("away")
        self.probes += 1
        await super().send(channel, message)

    async def group_add(self, group: str, channel: str) -> None:
        if self.away:
            raise ConnectionError("away")
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        if self.away:
            raise ConnectionError("away")
        await super().group_discard(group, channel)


@pytest.fixture
def faltering(layer: Any, monkeypatch: pytest.MonkeyPatch) -> FalteringLayer:
    monkeypatch.setattr("examplechannels.subscription.PROBE_SECONDS", 0.01)
    monkeypatch.setattr("examplechannels.subscription.RETRY_SECONDS", 0.01)
    faltering = FalteringLayer()
    channel_layers.set("default", faltering)
    return faltering


async def eventually(condition: Any) -> None:
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_healthy_layer_is_never_taken_for_lost(faltering: FalteringLayer, nothing_left: None) -> None:
    broadcast, viewer = Broadcast(), Viewer()
    await broadcast.group_add(GROUP, viewer)
    await eventually(lambda: faltering.probes >= 20)
    assert viewer.told_to_catch_up == 0
    await broadcast.group_discard(GROUP, viewer)


async def test_a_replaced_connection_is_a_loss(faltering: FalteringLayer, nothing_left: None) -> None:
    broadcast, viewer = Broadcast(), Viewer()
    await broadcast.group_add(GROUP, viewer)
    await eventually(lambda: faltering.probes >= 2)  # the first one came back
    faltering.connections_made += 1
    await eventually(lambda: viewer.told_to_catch_up == 1)
    await broadcast.group_discard(GROUP, viewer)


async def test_who_comes_and_goes_during_an_outage_is_joined_and_left_afterwards(
    faltering: FalteringLayer, nothing_left: None
) -> None:
    broadcast, stays, goes, comes = Broadcast(), Viewer(), Viewer(), Viewer()
    await broadcast.group_add(GROUP, stays)
    await broadcast.group_add("test.goes", goes)
    faltering.away = True
    await broadcast.group_discard("test.goes", goes)
    await broadcast.group_add("test.comes", comes)
    faltering.away = False
    await eventually(lambda: stays.told_to_catch_up and comes.told_to_catch_up)
    assert set(faltering.groups) == {GROUP, "test.comes"}
    await faltering.group_send("test.comes", event("test.comes", 1))
    await until_received(comes, 1)
    await broadcast.group_discard(GROUP, stays)
    await broadcast.group_discard("test.comes", comes)
    assert faltering.groups == {}
