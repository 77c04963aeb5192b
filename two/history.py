"""The past of a metric, for the page to join with the present."""

from typing import TypedDict

from examplechannels.ticker import TICK_SECONDS, slot_start_ms
from two.feeds import RANDOM, random_at

MAX_POINTS = 5000


class Series(TypedDict):
    device: str
    metric: str
    unit: str
    resolution: str
    columns: list[str]
    points: list[list[float]]


class TooManyPoints(Exception):
    """More raw readings in the range than were asked for."""


def random_series(since_ms: int, until_ms: int, points: int, now_ms: int) -> Series:
    """The random feed from `since_ms` (included) to `until_ms` (excluded), nothing of the future.

    Raises:
        TooManyPoints: the range holds more than `points` readings.
    """
    period_ms = TICK_SECONDS * 1000
    first = -(-since_ms // period_ms)
    last = -(-min(until_ms, now_ms + 1) // period_ms)  # excluded
    if last - first > points:
        raise TooManyPoints
    return {
        "device": RANDOM,
        "metric": "value",
        "unit": "",
        "resolution": "raw",
        "columns": ["at", "value"],
        "points": [[slot_start_ms(slot), random_at(slot)] for slot in range(first, last)],
    }
