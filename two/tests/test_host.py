import asyncio
import time

import pytest
from asgiref.sync import sync_to_async

from examplechannels.ticker import TICK_SECONDS
from tests.sockets import opened
from two.host import UNITS, Host, host_feed
from two.models import Device, Metric

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_this_machine_does_is_measured() -> None:
    samples = Host().samples(time.time_ns())
    assert {sample.metric for sample in samples} <= UNITS.keys()
    assert {"cpu", "memory"} <= {sample.metric for sample in samples}
    assert all(sample.device == "host" for sample in samples)
    memory = next(sample.value for sample in samples if sample.metric == "memory")
    assert 0 < memory <= 100


@pytest.mark.usefixtures("nothing_left", "fanout")
async def test_a_viewer_sees_this_machine_each_slot() -> None:
    feed = asyncio.create_task(host_feed())
    viewer = await opened("/ws/two/?device=host")
    try:
        frames = [await viewer.receive_json_from(timeout=5) for _ in range(2)]
    finally:
        feed.cancel()
        await asyncio.wait([feed])
        await viewer.disconnect()
    times = [frame[0]["at"] for frame in frames]
    assert [at % (TICK_SECONDS * 1000) for at in times] == [0, 0]
    assert times[1] - times[0] == TICK_SECONDS * 1000
    assert {(one["metric"], one["unit"]) for one in frames[0]} >= {("cpu", "%"), ("memory", "%")}
    assert await sync_to_async(Metric.objects.count)() == len(UNITS)


@pytest.mark.usefixtures("nothing_left")
async def test_once_deleted_this_machine_comes_back_as_it_was() -> None:
    feed = asyncio.create_task(host_feed())
    viewer = await opened("/ws/two/?device=host")
    try:
        await viewer.receive_json_from(timeout=5)
        device = await Device.objects.aget()
        await sync_to_async(device.delete)()
        await viewer.receive_json_from(timeout=8)
    finally:
        feed.cancel()
        await asyncio.wait([feed])
        await viewer.disconnect()
    anew = await Device.objects.aget()
    assert (anew.pk != device.pk, anew.interval_seconds) == (True, device.interval_seconds)
    assert {metric.name: metric.unit async for metric in anew.metrics.all()} == UNITS
