"""Whether what was sampled stayed flat, and fell back when everybody had left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf
from statistics import median
from typing import NamedTuple

from tests.soak.gauges import MEMORY, Sample

POINTS = 60
"""Medians of as many stretches are compared, so that a burst counts for little."""
LAST_SHARE, LEAST_LAST = 0.1, 5
"""So many of the samples, and not fewer, are the last, which are compared with as many of the middle."""
KB_PER_VISITOR = 1.0
"""Memory that a socket which came and went may leave, as in bench/scenarios/turnover.py."""

FILLING_MB = 20.0
"""In the first four minutes a worker takes 40 MB: caches, connections, a thread's share of the heap for each thread."""


class Bound(NamedTuple):
    """How much more there may be at the end than after warming up: `least`, or a `share` of what is usual."""

    least: float
    share: float = 0.0


BOUNDS = {
    MEMORY: Bound(10.0),
    "open files": Bound(10.0, 0.08),
    "threads": Bound(10.0),
    "asyncio tasks": Bound(20.0, 0.08),
    "groups with viewers here": Bound(10.0, 0.08),
    "groups joined in the layer": Bound(10.0, 0.08),
    "WebSockets open": Bound(10.0, 0.08),
    "connections": Bound(4.0),
    "clients": Bound(2.0),
    "channels": Bound(10.0, 0.08),
    "subscriptions": Bound(10.0, 0.08),
}
LEFT_OVER = {
    "open files": 40.0,
    "threads": 50.0,
    "asyncio tasks": 0.0,
    "groups with viewers here": 0.0,
    "groups joined in the layer": 0.0,
    "WebSockets open": 0.0,
    "connections": 25.0,
    "clients": 4.0,
    "channels": 0.0,
    "subscriptions": 0.0,
}
"""How much more there may be, when everybody has left, than before anybody came: two workers' pools keep what they
have made, of threads 12 each and of connections 6 in a short soak."""


@dataclass(frozen=True)
class Line:
    """One gauge: at the start, its usual value, its rise while measured, its last beside the middle, after all."""

    name: str
    start: float
    usual: float
    most: float
    rise: float
    late: float
    allowed: float
    after: float

    @property
    def complaint(self) -> str:
        if self.rise > self.allowed:
            return f"{self.name} rose by {self.rise:.1f}, allowed {self.allowed:.1f}"
        if self.late > self.allowed:
            return f"{self.name} was {self.late:.1f} higher at the end than in the middle, allowed {self.allowed:.1f}"
        if not self.has_fallen_back:
            return f"{self.name} was {self.start:.0f}, and is {self.after:.0f} when everybody has left"
        return ""

    @property
    def has_fallen_back(self) -> bool:
        return not is_left_over(self.name, self.start, self.after)


def kind_of(name: str) -> str:
    return name.partition(": ")[2]


def slope(values: Sequence[float]) -> float:
    """Theil and Sen's: the median of the slopes between all pairs, per value."""
    return median((b - a) / (j - i) for (i, a), (j, b) in combinations(enumerate(values), 2))


def rise(values: Sequence[float]) -> float:
    """From the first to the last, as the slope has it; 0 of fewer than two stretches."""
    size = max(1, len(values) // POINTS)
    medians = [median(values[first : first + size]) for first in range(0, len(values) - size + 1, size)]
    return slope(medians) * (len(medians) - 1) if len(medians) > 1 else 0.0


def late(values: Sequence[float]) -> float:
    """How much higher the last are than those of the middle: a jump near the end hardly shows in the slope."""
    size = max(LEAST_LAST, int(len(values) * LAST_SHARE))
    first = (len(values) - size) // 2
    return median(values[-size:]) - median(values[max(0, first) : first + size])


def judge(
    start: Sample, measured: dict[str, list[float]], after: Sample, visitors_per_worker: float, is_long: bool
) -> list[Line]:
    """What is to be said of each gauge; of a soak that is not `is_long` memory is still filling."""
    lines = []
    for name, values in measured.items():
        bound = BOUNDS[kind_of(name)]
        usual = median(values)
        allowed = max(bound.least, bound.share * usual)
        if kind_of(name) == MEMORY:
            allowed += visitors_per_worker * KB_PER_VISITOR / 1000 + (0.0 if is_long else FILLING_MB)
        lines.append(Line(name, start[name], usual, max(values), rise(values), late(values), allowed, after[name]))
    return lines


def has_fallen_back(start: Sample, now: Sample) -> bool:
    return not any(is_left_over(name, value, now[name]) for name, value in start.items())


def is_left_over(name: str, start: float, after: float) -> bool:
    """Memory may stay."""
    return after > start + LEFT_OVER.get(kind_of(name), inf)


def table(lines: Iterable[Line]) -> str:
    head = f"{'':38} {'start':>8} {'usual':>8} {'most':>8} {'rise':>8} {'late':>8} {'allowed':>8} {'after':>8}"
    return "\n".join([head, *(row(line) for line in lines)])


def row(line: Line) -> str:
    numbers = (line.start, line.usual, line.most, line.rise, line.late, line.allowed, line.after)
    return f"{line.name:38} {' '.join(f'{number:8.1f}' for number in numbers)} {'  <-- ' if line.complaint else ''}"
