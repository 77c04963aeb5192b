import time

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from tests.sockets import opened
from two.models import Alarm, Device, Metric
from two.neighbours import Neighbours
from two.recorder import recorder
from two.samples import Sample
from two.storage import store
from two.tests.cast import make_alarm, make_rule

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nothing_left")]


@sync_to_async
def another_process_records(value: float, at_ns: int) -> None:
    device, _created = Device.objects.get_or_create(slug="boiler", defaults={"name": "Boiler"})
    metric, _created = Metric.objects.get_or_create(device=device, name="t")
    store({(metric.pk, at_ns): value})


@pytest.mark.usefixtures("fanout")
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


@pytest.mark.usefixtures("fanout")
async def test_alarms_that_another_process_raises_and_ends_are_shown() -> None:
    neighbours = Neighbours()
    page = await opened("/ws/two/?device=boiler&events=all")
    rule = await sync_to_async(make_rule)()
    known = await sync_to_async(make_alarm)(await sync_to_async(make_rule)("below"), 1)
    await neighbours.look()
    alarm = await sync_to_async(make_alarm)(rule, time.time_ns(), value=75.0)
    await neighbours.look()
    seen = (await page.receive_json_from(timeout=5))["alarm"]
    assert (seen["id"], seen["value"], seen["cleared"]) == (alarm.pk, 75, None)
    await Alarm.objects.filter(pk=alarm.pk).aupdate(cleared_ns=alarm.raised_ns + 10**9)
    await neighbours.look()
    assert (await page.receive_json_from(timeout=5))["alarm"] == {**seen, "cleared": seen["raised"] + 1000}
    await Alarm.objects.filter(pk=known.pk).aupdate(acknowledged_by="mia", acknowledged_on=timezone.now())
    await neighbours.look()
    assert (await page.receive_json_from(timeout=5))["alarm"]["acknowledged"]["by"] == "mia"
    await neighbours.look()
    assert await page.receive_nothing()
    await page.disconnect()
