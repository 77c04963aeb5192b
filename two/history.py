"""The past of metrics, from the tier that suits the range: every reading, or buckets that keep minimum and maximum."""

import time
from typing import Any, Literal, NamedTuple, TypedDict

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from examplechannels.ticker import TICK_SECONDS, slot_at, slot_start_ms
from two.feeds import RANDOM, RANDOM_METRIC, random_at
from two.models import Metric
from two.nanoseconds import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_MS, NS_PER_SECOND
from two.samples import AHEAD_NS, oldest_ns
from two.storage import SCALE

MAX_POINTS = 5_000
MAX_SERIES = 200
MAX_ANSWER_POINTS = 200_000
MAX_SCANNED_READINGS = 100_000  # of one series; beyond it minutes have to do
RANDOM_SECONDS = 3600  # how far back the random feed is remembered
# What a bucket may be long; round lengths stay the same while a window moves on.
STEPS_NS = [
    *(step * 10**power for power in range(6, 9) for step in (1, 2, 5)),
    *(seconds * NS_PER_SECOND for seconds in (1, 2, 5, 10, 15, 30)),
    *(minutes * NS_PER_MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * NS_PER_HOUR for hours in (1, 2, 3, 6, 12, 24, 48, 168)),
]

Resolution = Literal["raw", "minute", "hour"]


class Series(TypedDict):
    device: str
    metric: str
    unit: str
    resolution: Resolution
    bucket: int  # milliseconds; 0: each point is a reading
    columns: list[str]
    points: list[list[float]]


class TooMuch(Exception):
    """More series, or more points of all series together, than one request may ask for."""


class Range(NamedTuple):
    """What is asked for: `since_ms` included, `until_ms` excluded, at most `points` points a series."""

    since_ms: int
    until_ms: int
    points: int
    devices: frozenset[str] | None = None  # None: all
    metrics: frozenset[str] | None = None

    def includes(self, device: str, metric: str) -> bool:
        return (self.devices is None or device in self.devices) and (self.metrics is None or metric in self.metrics)


def series_in(asked: Range) -> list[Series]:
    """Every series asked for, by device and metric. Blocks.

    Raises:
        TooMuch: choose devices, metrics, or fewer points.
    """
    found = list(selected_metrics(asked)[: MAX_SERIES + 1])
    if len(found) > MAX_SERIES or len(found) * asked.points > MAX_ANSWER_POINTS:
        raise TooMuch
    now_ns = time.time_ns()
    since_ns = asked.since_ms * NS_PER_MS
    until_ns = min(asked.until_ms * NS_PER_MS, now_ns + AHEAD_NS + 1)
    answer = []
    for metric_id, device, name, unit in found:
        resolution, bucket_ns, points = points_of(metric_id, since_ns, until_ns, asked.points, now_ns)
        answer.append(_series(device, name, unit, resolution, bucket_ns, points))
    return answer


def selected_metrics(asked: Range) -> "QuerySet[Metric, tuple[int, str, str, str]]":
    """Number, device, name and unit of what is asked for."""
    wanted = Q()
    if asked.devices is not None:
        wanted &= Q(device__slug__in=asked.devices)
    if asked.metrics is not None:
        wanted &= Q(name__in=asked.metrics)
    rows = Metric.objects.filter(wanted).order_by("device__slug", "name")
    return rows.values_list("id", "device__slug", "name", "unit")


def points_of(
    metric: int, since_ns: int, until_ns: int, points: int, now_ns: int
) -> tuple[Resolution, int, list[list[float]]]:
    """Resolution, length of a bucket in nanoseconds (0: readings), and points of one metric."""
    [[first_ns]] = _rows("SELECT MIN(start_ns) FROM two_hourrollup WHERE metric_id = %s", metric)
    if first_ns is None:
        return "raw", 0, []
    since_ns = max(since_ns, first_ns)  # nothing is older
    step_ns = step_for(until_ns - since_ns, points)
    # Counted from 1970, the range may touch two buckets; where one is asked for, it begins with the range.
    origin_ns = since_ns if points == 1 else 0
    if since_ns >= oldest_ns(now_ns):
        readings = _rows(
            "SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns >= %s AND at_ns < %s "
            "ORDER BY at_ns LIMIT %s",
            metric,
            since_ns,
            until_ns,
            points + 1,
        )
        if len(readings) <= points:
            return "raw", 0, [[at_ns // NS_PER_MS, value] for at_ns, value in readings]
        if (step_ns < NS_PER_MINUTE or points == 1) and _count(metric, since_ns, until_ns) <= MAX_SCANNED_READINGS:
            return "raw", step_ns, _raw_buckets(metric, since_ns, until_ns, step_ns, origin_ns)
    if step_ns < NS_PER_HOUR and since_ns >= now_ns - settings.MINUTE_DAYS * NS_PER_DAY:
        step_ns = max(step_ns, NS_PER_MINUTE)
        since_ns -= since_ns % NS_PER_MINUTE
        origin_ns -= origin_ns % NS_PER_MINUTE
        return "minute", step_ns, _buckets("two_minuterollup", metric, since_ns, until_ns, step_ns, origin_ns)
    step_ns = max(step_ns, NS_PER_HOUR)
    since_ns -= since_ns % NS_PER_HOUR
    origin_ns -= origin_ns % NS_PER_HOUR
    return "hour", step_ns, _buckets("two_hourrollup", metric, since_ns, until_ns, step_ns, origin_ns)


def step_for(range_ns: int, points: int) -> int:
    """The shortest length of which at most `points` buckets, counted from 1970, touch any range that long."""
    fitting = (step_ns for step_ns in STEPS_NS if range_ns <= step_ns * (points - 1))
    return next(fitting, 0) or max(-(-range_ns // max(points - 1, 1)) + NS_PER_HOUR, STEPS_NS[-1])


def random_series(asked: Range, now_ms: int) -> Series:
    """The random feed as a series; it follows from the time, and is remembered for an hour."""
    period_ms = TICK_SECONDS * 1000
    now_slot = slot_at(now_ms / 1000)
    first = max(-(-asked.since_ms // period_ms), now_slot - RANDOM_SECONDS // TICK_SECONDS + 1)
    last = min(-(-asked.until_ms // period_ms), now_slot + 1)  # excluded
    values = [(slot_start_ms(slot), random_at(slot)) for slot in range(first, last)]
    if len(values) <= asked.points:
        return _series(RANDOM, RANDOM_METRIC, "", "raw", 0, [[at, value] for at, value in values])
    step_ms = step_for((asked.until_ms - asked.since_ms) * NS_PER_MS, asked.points) // NS_PER_MS
    buckets: dict[int, list[int]] = {}
    for at, value in values:
        buckets.setdefault(at // step_ms * step_ms, []).append(value)
    points: list[list[float]] = [
        [start, sum(inside) / len(inside), min(inside), max(inside)] for start, inside in buckets.items()
    ]
    return _series(RANDOM, RANDOM_METRIC, "", "raw", step_ms * NS_PER_MS, points)


def _series(
    device: str, metric: str, unit: str, resolution: Resolution, bucket_ns: int, points: list[list[float]]
) -> Series:
    return {
        "device": device,
        "metric": metric,
        "unit": unit,
        "resolution": resolution,
        "bucket": bucket_ns // NS_PER_MS,
        "columns": ["at", "mean", "min", "max"] if bucket_ns else ["at", "value"],
        "points": points,
    }


def _rows(sql: str, *parameters: float) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _count(metric: int, since_ns: int, until_ns: int) -> int:
    """How many readings there are, to the minute."""
    [[count]] = _rows(
        "SELECT COALESCE(SUM(count), 0) FROM two_minuterollup "
        "WHERE metric_id = %s AND start_ns >= %s AND start_ns < %s",
        metric,
        since_ns // NS_PER_MINUTE * NS_PER_MINUTE,
        until_ns,
    )
    return int(count)


def _raw_buckets(metric: int, since_ns: int, until_ns: int, step_ns: int, origin_ns: int) -> list[list[float]]:
    # Scaled for the same reason as in two/models.py; what is too small for that is no part of a mean anyway.
    rows = _rows(
        "SELECT (at_ns - %s) / %s AS bucket, COUNT(*), "
        "SUM(CASE WHEN ABS(value) < 1e-280 THEN 0 ELSE value * %s END), MIN(value), MAX(value) "
        "FROM two_reading WHERE metric_id = %s AND at_ns >= %s AND at_ns < %s GROUP BY bucket ORDER BY bucket",
        origin_ns,
        step_ns,
        SCALE,
        metric,
        since_ns,
        until_ns,
    )
    return [_point(origin_ns + bucket * step_ns, *totals) for bucket, *totals in rows]


def _buckets(table: str, metric: int, since_ns: int, until_ns: int, step_ns: int, origin_ns: int) -> list[list[float]]:
    rows = _rows(
        "SELECT (start_ns - %s) / %s AS bucket, SUM(count), SUM(scaled_sum), MIN(minimum), MAX(maximum) "  # noqa: S608
        f"FROM {table} WHERE metric_id = %s AND start_ns >= %s AND start_ns < %s "
        "GROUP BY bucket ORDER BY bucket",
        origin_ns,
        step_ns,
        metric,
        since_ns,
        until_ns,
    )
    return [_point(origin_ns + bucket * step_ns, *totals) for bucket, *totals in rows]


def _point(start_ns: int, count: int, scaled_sum: float, least: float, most: float) -> list[float]:
    mean = scaled_sum / int(count) / SCALE
    return [start_ns // NS_PER_MS, min(max(mean, least), most), least, most]
