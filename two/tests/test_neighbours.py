import time

import pytest
from asgiref.sync import sync_to_async

from tests.sockets import opened
from two.models import Device, Metric
from two.neighbours import Neighbours
from two.recorder import recorder
from two.samples import Sample
from two.storage import store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nothing_left")]


@sync_to_async
def another_process_records(value: float, at_ns: int) -> None:
    device, _created = Device.objects.get_or_create(slug="boiler", defaults={"name": "Boiler"})
    metric, _created = Metric.objects.get_or_create(device=device, name="t")
    store({(metric.pk, at_ns): value})


async def test_what_another_process_records_is_shown() -> None:
    now = time.time_ns()
    neighbours = Neighbours()
    await another_process_records(1.0, now)
    viewer = await opened("/ws/two/?device=boiler")
    assert (await viewer.receive_json_from(timeout=5))[0]["data"] == 1.0
    await neighbours.look()
    for number in (2, 3):
        await another_process_records(number, now + number)
    await neighbours.look()
    assert [one["data"] for one in await viewer.receive_json_from(timeout=5)] == [2.0, 3.0]
    await neighbours.look()
    assert await viewer.receive_nothing()
    await viewer.disconnect()


async def test_what_is_recorded_before_the_first_look_is_shown_too() -> None:
    neighbours = Neighbours()
    await another_process_records(1.0, time.time_ns() - 10**10)
    viewer = await opened("/ws/two/?device=boiler")
    assert (await viewer.receive_json_from(timeout=5))[0]["data"] == 1.0
    await another_process_records(2.0, time.time_ns())
    await neighbours.look()
    assert [one["data"] for one in await viewer.receive_json_from(timeout=5)] == [2.0]
    await viewer.disconnect()


async def test_what_this_process_recorded_is_not_shown_again() -> None:
    neighbours = Neighbours()
    viewer = await opened("/ws/two/?device=boiler")
    await neighbours.look()
    await recorder.record([Sample("boiler", "t", None, 5.0)])
    assert (await viewer.receive_json_from(timeout=5))[0]["data"] == 5.0
    await neighbours.look()
    assert await viewer.receive_nothing()
    await viewer.disconnect()


async def test_while_nobody_watches_nothing_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("two.neighbours.newest", None)
    await Neighbours().look()
