import time

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from two.latest import last_readings, latest_devices, random_device, state_of
from two.models import Device, Metric, Reading
from two.nanoseconds import NS_PER_DAY, NS_PER_MS, NS_PER_SECOND
from two.storage import store
from two.views import first_devices

pytestmark = pytest.mark.django_db(transaction=True)


def metric_of(device: str, name: str, interval: float | None = None) -> int:
    row, _created = Device.objects.get_or_create(
        slug=device, defaults={"name": device.title(), "interval_seconds": interval}
    )
    return Metric.objects.create(device=row, name=name).pk


def test_every_device_with_its_last_readings() -> None:
    now = time.time_ns()
    boiler = metric_of("boiler", "t", interval=10)
    metric_of("boiler", "never")
    store({(boiler, now - 30 * NS_PER_SECOND): 1.0, (boiler, now - 20 * NS_PER_SECOND): 2.0})
    Device.objects.create(slug="attic", name="Attic")
    attic, found = latest_devices()
    assert (attic["device"], attic["state"], attic["at"], attic["metrics"]) == ("attic", "never", None, [])
    assert found == {
        "device": "boiler",
        "name": "Boiler",
        "interval": 10.0,
        "state": "online",
        "at": (now - 20 * NS_PER_SECOND) // NS_PER_MS,
        "metrics": [
            {"metric": "never", "unit": "", "at": None, "value": None},
            {"metric": "t", "unit": "", "at": (now - 20 * NS_PER_SECOND) // NS_PER_MS, "value": 2.0},
        ],
    }


def test_the_interval_is_learned_from_the_last_readings() -> None:
    now = time.time_ns()
    fast, slow = metric_of("pump", "fast"), metric_of("pump", "slow")
    store({(fast, now - n * 2 * NS_PER_SECOND): 1.0 for n in range(9)})
    store({(slow, now - n * 60 * NS_PER_SECOND): 1.0 for n in range(9)})
    [pump] = latest_devices()
    assert pump["interval"] == 2.0


def test_a_device_is_stale_after_two_and_a_half_intervals() -> None:
    assert state_of(100_000, 10, 124.9) == "online"
    assert state_of(100_000, 10, 125.1) == "stale"
    assert state_of(100_000, None, 1_599) == "online"
    assert state_of(100_000, None, 1_601) == "stale"
    assert state_of(None, 10, 100) == "never"
    assert random_device()["state"] == "online"


def test_a_long_silent_metric_is_known_from_its_hours() -> None:
    old = metric_of("old", "t", interval=10)
    at = time.time_ns() - 40 * NS_PER_DAY
    store({(old, at): 1.0})
    Reading.objects.all().delete()
    [device] = latest_devices()
    assert device["state"] == "stale"
    assert abs((device["at"] or 0) - at // NS_PER_MS) <= 3_600_000
    assert device["metrics"][0]["value"] is None


async def test_the_last_readings_come_in_frames(nothing_left: None) -> None:
    @sync_to_async
    def many() -> None:
        device = Device.objects.create(slug="many", name="Many")
        Metric.objects.bulk_create(Metric(device=device, name=f"m{number}") for number in range(999))
        now = time.time_ns()
        store(dict.fromkeys([(metric, now) for metric in Metric.objects.values_list("pk", flat=True)], 1.5))

    await many()
    frames = await last_readings(None)
    assert len(frames) == 2
    assert all(len(frame.encode()) < 64 * 1024 for frame in frames)
    assert await last_readings(frozenset({"nobody"})) == []


def test_a_page_brings_its_devices_along_unless_they_have_too_many_metrics(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("two.views.METRICS_AT_ONCE", 2)
    metric_of("boiler", "t")
    metric_of("boiler", "u")
    assert [device["device"] for device in first_devices()] == ["random", "boiler"]
    metric_of("oven", "t")
    assert [device["device"] for device in first_devices()] == ["random"]


async def test_the_list_of_devices_has_the_servers_clock(nothing_left: None) -> None:
    answer = (await AsyncClient().get("/two/devices/")).json()
    assert abs(answer["now"] - time.time() * 1000) < 5000
    assert [device["device"] for device in answer["devices"]] == ["random"]
