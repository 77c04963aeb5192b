import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from examplechannels.broadcast import broadcast
from tests.sockets import opened
from two.catalogue import KnownMetric
from two.live import MAX_FRAME_READINGS, MAX_WAITING_OF_DEVICE, PUBLISH_SECONDS, Recorded, events_of, live
from two.models import Device, Metric
from two.recorder import recorder
from two.samples import Sample

BOILER = KnownMetric(1, "boiler", "t", "°C")
pytestmark = pytest.mark.django_db(transaction=True)


def test_an_event_holds_readings_by_device() -> None:
    oven = KnownMetric(2, "oven", 'say "hi"', "")
    [event] = events_of([Recorded(BOILER, 5_000_000, 1.5), Recorded(oven, 6_999_999, 2.0), Recorded(BOILER, 7, 1e22)])
    assert json.loads(f"[{event['boiler']}]") == [
        {"data": 1.5, "device": "boiler", "metric": "t", "unit": "°C", "at": 5},
        {"data": 1e22, "device": "boiler", "metric": "t", "unit": "°C", "at": 0},
    ]
    assert json.loads(event["oven"])["metric"] == 'say "hi"'


@pytest.mark.parametrize("name", ["t", "温" * 100])
def test_no_frame_is_larger_than_it_may_be(name: str) -> None:
    metric = KnownMetric(1, "d" * 64, name, "°" * 20)
    events = list(events_of([Recorded(metric, number, float(number)) for number in range(2_500)]))
    assert sum(event["d" * 64].count('"data"') for event in events) == 2_500
    for event in events:
        assert event["d" * 64].count('"data"') <= MAX_FRAME_READINGS
        assert len(event["d" * 64].encode()) < 64 * 1024


async def next_of(viewer: Any, device: str) -> Any:
    """The next frame in which this device has a reading."""
    while True:
        frame = await viewer.receive_json_from(timeout=5)
        if isinstance(frame, dict) or any(reading["device"] == device for reading in frame):
            return frame


@pytest.mark.usefixtures("fanout", "nothing_left")
async def test_viewers_get_what_their_devices_send_and_first_what_was_last() -> None:
    everything = await opened("/ws/two/?device=*")
    await recorder.record([Sample("boiler", "t", None, 1.0), Sample("oven", "t", None, 2.0)])
    assert {one["device"] for one in await next_of(everything, "boiler")} == {"boiler", "oven"}
    both = await opened("/ws/two/?device=boiler&device=oven")
    outsider = await opened("/ws/two/?device=attic")
    assert {(one["device"], one["data"]) for one in await both.receive_json_from()} == {("boiler", 1), ("oven", 2)}
    await recorder.record([Sample("oven", "t", None, 3.0), Sample("pump", "t", None, 4.0)])
    [reading] = await next_of(both, "oven")
    assert (reading["device"], reading["metric"], reading["data"]) == ("oven", "t", 3.0)
    assert {one["device"] for one in await next_of(everything, "pump")} == {"oven", "pump"}
    assert await outsider.receive_nothing()
    for viewer in (both, everything, outsider):
        await viewer.disconnect()


@pytest.mark.usefixtures("fanout", "nothing_left")
async def test_more_than_a_page_can_take_is_told_as_catch_up() -> None:
    viewer = await opened("/ws/two/?device=boiler&events=all")
    other = await opened("/ws/two/?device=oven&events=all")
    oven = KnownMetric(2, "oven", "t", "")
    live.publish([Recorded(oven, 5_000_000, 1.5)])
    live.publish([Recorded(BOILER, number, 1.0) for number in range(MAX_WAITING_OF_DEVICE + 5)])
    assert await viewer.receive_json_from(timeout=5) == {"type": "catch_up"}
    assert (await other.receive_json_from(timeout=5))[0]["data"] == 1.5
    assert await viewer.receive_nothing()
    assert await other.receive_nothing()  # one device's flood costs nobody else a reading
    await viewer.disconnect()
    await other.disconnect()


@pytest.mark.usefixtures("nothing_left")
async def test_readings_that_come_together_are_one_frame() -> None:
    viewer = await opened("/ws/two/?device=boiler")
    live.publish([Recorded(BOILER, 10**6, 1.0)])
    assert len(await viewer.receive_json_from(timeout=5)) == 1
    for number in range(2, 30):
        live.publish([Recorded(BOILER, number * 10**6, 1.0)])
    frame = await viewer.receive_json_from(timeout=5)
    assert [reading["at"] for reading in frame] == list(range(2, 30))
    await viewer.disconnect()


@pytest.mark.usefixtures("nothing_left")
async def test_a_frame_waits_for_what_is_being_committed_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = await opened("/ws/two/?device=boiler")
    with monkeypatch.context() as slow:
        slow.setattr("two.live.COMMIT_SECONDS", 60)
        live.publish([Recorded(BOILER, 10**6, 1.0)], more_comes=True)
        assert await viewer.receive_nothing(timeout=4 * PUBLISH_SECONDS)
        live.publish([Recorded(BOILER, 2 * 10**6, 1.0)], more_comes=True)
        assert [reading["at"] for reading in await viewer.receive_json_from(timeout=5)] == [1, 2]
    live.publish([Recorded(BOILER, 3 * 10**6, 1.0)], more_comes=True)
    assert [reading["at"] for reading in await viewer.receive_json_from(timeout=5)] == [3]
    await viewer.disconnect()


@pytest.mark.usefixtures("nothing_left")
async def test_what_nobody_watches_is_not_made_into_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Recorded] = []

    def noted(readings: Sequence[Recorded]) -> Iterator[dict[str, str]]:
        made.extend(readings)
        return events_of(readings)

    monkeypatch.setattr("two.live.events_of", noted)
    live.publish([Recorded(BOILER, 10**6, 1.0)])
    viewer = await opened("/ws/two/?device=boiler")
    live.publish([Recorded(BOILER, 2 * 10**6, 1.0)])
    assert [reading["at"] for reading in await viewer.receive_json_from(timeout=5)] == [2]
    assert [reading.at_ns for reading in made] == [2 * 10**6]
    await viewer.disconnect()


@pytest.mark.parametrize(("redis_url", "fanout"), [("redis://there/0", "broadcast"), ("", "channels")])
def test_viewers_of_whom_this_process_does_not_know_may_watch(settings: Any, redis_url: str, fanout: str) -> None:
    assert not broadcast.may_be_watched("nobody")
    settings.REDIS_URL, settings.FANOUT = redis_url, fanout
    assert broadcast.may_be_watched("nobody")


async def test_what_is_recorded_while_a_viewer_comes_is_not_missed(nothing_left: None) -> None:
    @sync_to_async
    def prepared() -> None:
        device = Device.objects.create(slug="boiler", name="Boiler")
        Metric.objects.create(device=device, name="t")

    await prepared()
    sending = asyncio.create_task(recorder.record([Sample("boiler", "t", None, 7.0)]))
    viewer = await opened("/ws/two/?device=boiler")
    await sending
    frame = await viewer.receive_json_from(timeout=5)
    assert frame[0]["data"] == 7.0
    await viewer.disconnect()
