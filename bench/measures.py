"""Words for what was measured, and the arithmetic on it."""

import re
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise

AT = re.compile(rb'"at": ?(\d+)')
SAMPLE_AT = 0.85
"""Fraction of a slot after which a window begins and ends: nothing is under way then."""

EARLY = 0.05
"""Fraction of a slot by which a timer may be early."""


@dataclass(frozen=True)
class Delivery:
    """What a window of whole ticks showed.

    `complete`: viewers who got one frame a tick. `tick_us`: µs of CPU per delivery, tick by tick. `p50`,
    `p99`: ms from a tick's first arrival anywhere; `late_p99`: ms from the start of its slot.
    """

    viewers: int
    ticks: int
    delivered: int
    complete: int
    mean_us: float
    tick_us: list[float]
    p50: float
    p99: float
    late_p99: float

    @property
    def expected(self) -> int:
        return self.viewers * self.ticks

    @classmethod
    def of(
        cls, arrivals: list[list[float]], slots: list[int], cpu: list[int], viewers: int, complete: int
    ) -> "Delivery":
        """From the arrivals (Unix s) of each slot (Unix ms), and CPU readings (ns) before, between and after."""
        spread = [(t - times[0]) * 1000 for times in arrivals for t in times]
        late = [t * 1000 - slot for times, slot in zip(arrivals, slots, strict=True) for t in times]
        spent = [(after - before) / 1000 for before, after in pairwise(cpu)]
        return cls(
            viewers=viewers,
            ticks=len(slots),
            delivered=len(spread),
            complete=complete,
            mean_us=sum(spent) / max(len(spread), 1),
            tick_us=[us / max(len(times), 1) for us, times in zip(spent, arrivals, strict=True)],
            p50=percentile(spread, 50),
            p99=percentile(spread, 99),
            late_p99=percentile(late, 99),
        )


@dataclass(frozen=True)
class Share:
    """How much of what a target allows was taken: above 1 is a miss. `name`: a few words for the plot."""

    name: str
    taken: float


def at_most(name: str, reached: float, limit: float) -> Share:
    return Share(name, max(reached, 0) / limit)


def at_least(name: str, reached: float, limit: float) -> Share:
    return Share(name, limit / max(reached, sys.float_info.min))


@dataclass(frozen=True)
class Row:
    """One line of the report; `ok` is None where nothing was promised, `share` where there is no more or less."""

    what: str
    reached: str
    target: str = ""
    ok: bool | None = None
    share: Share | None = None


@dataclass(frozen=True)
class Column:
    """A numeric column as a plot shows it: `name` in the table's head, `title` above, `unit` of its cells.

    Columns of one unit share a scale. `peer`: what it holds is not ours.
    """

    name: str
    title: str
    unit: str = ""
    peer: bool = False


@dataclass(frozen=True)
class Bars:
    """A bar for each line and column. `label` is filled in from the line's cells by name; `{line}` is its number.

    `ours`: how the labels of our own lines begin. `limit`: what no bar should be longer than, marked in each panel.
    """

    label: str
    columns: tuple[Column, ...]
    ours: tuple[str, ...] = ("",)
    limit: float | None = None


@dataclass(frozen=True)
class Lines:
    """Each column over the numeric column `x`, which counts `unit`."""

    x: str
    unit: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Table:
    """Plain cells under a title, for figures without a target, and which of them its plot shows."""

    title: str
    head: tuple[str, ...]
    lines: list[tuple[str, ...]]
    plot: Bars | Lines


@dataclass(frozen=True)
class Outcome:
    """What a scenario has to say."""

    rows: list[Row]
    tables: list[Table] = field(default_factory=list)


def percentile(values: list[float], percent: float) -> float:
    """The least value that has so many percent of them before it, rounded down to a whole number; 0 of nothing."""
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
    part = (SAMPLE_AT - time.time() / interval % 1) % 1
    return interval * (part if part > EARLY else part + 1)
