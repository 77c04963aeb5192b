"""Words for what was measured, and the arithmetic on it."""

import re
import time
from dataclasses import dataclass, field

AT = re.compile(rb'"at": ?(\d+)')
SAMPLE_AT = 0.85
"""Fraction of a slot after which a window begins and ends: nothing is under way then."""


@dataclass(frozen=True)
class Delivery:
    """What a window of whole ticks showed; times in milliseconds."""

    viewers: int
    ticks: int
    delivered: int
    complete: int
    cpu_us: float
    p50: float
    p99: float
    late_p99: float

    @property
    def expected(self) -> int:
        return self.viewers * self.ticks


@dataclass(frozen=True)
class Row:
    """One line of the report; `ok` is None where nothing was promised."""

    what: str
    reached: str
    target: str = ""
    ok: bool | None = None


@dataclass(frozen=True)
class Table:
    """Plain cells under a title, for figures without a target."""

    title: str
    head: tuple[str, ...]
    lines: list[tuple[str, ...]]


@dataclass(frozen=True)
class Outcome:
    """What a scenario has to say."""

    rows: list[Row]
    tables: list[Table] = field(default_factory=list)


def percentile(values: list[float], percent: float) -> float:
    """Nearest rank; 0 of nothing."""
    if not values:
        return 0.0
    rank = min(int(len(values) * percent / 100), len(values) - 1)
    return sorted(values)[rank]


def slot_of(frame: bytes) -> int:
    """The `at` (Unix ms) of a frame's reading; -1 without one."""
    found = AT.search(frame)
    return int(found.group(1)) if found else -1


def until_quiet(interval: float) -> float:
    """Seconds until the next sampling point of a slot of `interval` seconds."""
    return (SAMPLE_AT - time.time() / interval % 1) % 1 * interval
