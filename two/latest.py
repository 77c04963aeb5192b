"""The last reading of every metric, and whether its device is still there."""

import logging
import time
from typing import Any, Literal, NamedTuple, TypedDict

from django.db import DatabaseError
from django.db.models import F, Max, OuterRef, Subquery

from examplechannels.broadcast import Selection, encode
from examplechannels.complaints import Complaints
from examplechannels.questions import SharedQuestion
from examplechannels.ticker import TICK_SECONDS, slot_at
from two.feeds import RANDOM, RANDOM_METRIC, random_reading
from two.live import frame_slices
from two.models import Device, HourRollup, Metric, Reading
from two.nanoseconds import NS_PER_MS, NS_PER_SECOND

complaints = Complaints(logging.getLogger(__name__))

SILENT_INTERVALS = 2.5  # a device that misses more is stale
LEARNED_FROM = 4  # intervals between readings
UNKNOWN_INTERVAL_SECONDS = 600.0  # what is assumed until then


class LatestMetric(TypedDict):
    metric: str
    unit: str
    at: int | None  # Unix milliseconds of the last reading
    value: float | None  # None once the raw reading is pruned


class LatestDevice(TypedDict):
    device: str
    name: str
    interval: float | None  # seconds, as expected or learned
    state: Literal["online", "stale", "never"]
    at: int | None
    metrics: list[LatestMetric]


def latest_devices() -> list[LatestDevice]:
    """Every device in the database with its metrics, by slug and name. Blocks."""
    now = time.time()
    found: dict[str, LatestDevice] = {
        slug: {"device": slug, "name": name, "interval": interval, "state": "never", "at": None, "metrics": []}
        for slug, name, interval in Device.objects.order_by("slug").values_list("slug", "name", "interval_seconds")
    }
    learned: dict[str, list[float]] = {}
    for row in _rows():
        device = found.get(row["slug"])
        if device is None:
            continue  # it came after the devices were read
        at = None if row["at_ns"] is None else row["at_ns"] // NS_PER_MS
        device["metrics"].append({"metric": row["name"], "unit": row["unit"], "at": at, "value": row["value"]})
        device["at"] = max(filter(None, (device["at"], at)), default=None)
        if row["earlier_ns"] is not None:
            seconds = (row["at_ns"] - row["earlier_ns"]) / NS_PER_SECOND / LEARNED_FROM
            learned.setdefault(row["slug"], []).append(seconds)
    for slug, device in found.items():
        if device["interval"] is None and slug in learned:
            device["interval"] = round(min(learned[slug]), 3)
        device["state"] = state_of(device["at"], device["interval"], now)
    return list(found.values())


def state_of(at: int | None, interval: float | None, now: float) -> Literal["online", "stale", "never"]:
    """`at` in Unix milliseconds, `interval` and `now` in seconds."""
    if at is None:
        return "never"
    if now - at / 1000 > SILENT_INTERVALS * (interval or UNKNOWN_INTERVAL_SECONDS):
        return "stale"
    return "online"


def random_device() -> LatestDevice:
    reading = random_reading(slot_at(time.time()))
    metric: LatestMetric = {"metric": RANDOM_METRIC, "unit": "", "at": reading["at"], "value": reading["data"]}
    return {
        "device": RANDOM,
        "name": RANDOM,
        "interval": float(TICK_SECONDS),
        "state": "online",
        "at": reading["at"],
        "metrics": [metric],
    }


def _rows() -> list[dict[str, Any]]:
    last = Reading.objects.filter(metric=OuterRef("pk")).order_by("-at_ns")
    rows: list[Any] = list(
        Metric.objects.order_by("device__slug", "name")
        .annotate(
            at_ns=Subquery(last.values("at_ns")[:1]),
            value=Subquery(last.values("value")[:1]),
            earlier_ns=Subquery(last.values("at_ns")[LEARNED_FROM : LEARNED_FROM + 1]),
        )
        .values("id", "name", "unit", "at_ns", "value", "earlier_ns", slug=F("device__slug"))
    )
    if silent := [row["id"] for row in rows if row["at_ns"] is None]:
        # The raw readings of a long silent metric are pruned; its hours are not.
        hours = dict(HourRollup.objects.filter(metric__in=silent).values_list("metric").annotate(Max("start_ns")))
        for row in rows:
            row["at_ns"] = row["at_ns"] if row["at_ns"] is not None else hours.get(row["id"])
    return rows


class Known(NamedTuple):
    """A device as it goes over the wire, encoded once however many ask."""

    slug: str
    text: str  # of `LatestDevice`
    readings: list[str]  # the last of each metric


def known_devices() -> list[Known]:
    """Blocks."""
    return [Known(device["device"], encode(device), _readings(device)) for device in latest_devices()]


def _readings(device: LatestDevice) -> list[str]:
    return [
        encode(
            {
                "data": metric["value"],
                "device": device["device"],
                "metric": metric["metric"],
                "unit": metric["unit"],
                "at": metric["at"],
            }
        )
        for metric in device["metrics"]
        if metric["value"] is not None
    ]


latest = SharedQuestion(known_devices)


async def last_readings(selection: Selection) -> list[str]:
    """The last reading of each metric of the selected devices, as the frames that tell them.

    None of them while the database does not answer; what is recorded later is shown all the same.
    """
    try:
        devices = await latest.ask()
    except DatabaseError as error:
        complaints.say("The last readings could not be looked up: %s", error)
        return []
    objects = [text for device in devices if selection is None or device.slug in selection for text in device.readings]
    return [f"[{','.join(objects[cut])}]" for cut in frame_slices(objects)]
