"""The past of one metric over HTTP: ten million readings beside a hundred thousand.

Both databases hold the asked metric alike, 100,000 readings over 30 days; in the big one 99 others lie between them,
stored in the order of time. Both servers share a core and answer in turn, on one connection each.
"""

import asyncio
import json
import random
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlencode

from ..http import Connection, timed_get
from ..lineup import Lineup
from ..measures import Bars, Column, Outcome, Row, Table, at_most, percentile
from ..seed import Plan, device_name
from ..servers import Server, running
from ..site import Site

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
WINDOWS = {
    "1 min": MINUTE_MS,
    "5 min": 5 * MINUTE_MS,
    "15 min": 15 * MINUTE_MS,
    "1 h": 60 * MINUTE_MS,
    "24 h": DAY_MS,
    "7 d": 7 * DAY_MS,
    "30 d": 30 * DAY_MS,
}
DAYS = 30
POINTS = 500
METRICS = tuple(f"m{number}" for number in range(10))
DEVICES = 10
READINGS = 100_000
QUICK_READINGS = 10_000
ASKED = 200
"""Of each window on each server."""
WARM_UP = 10
P95_LIMIT_MS = 50
RATIO = 2.0


@dataclass
class Took:
    """Milliseconds of each answer, and the points in the last."""

    ms: list[float] = field(default_factory=list)
    points: int = 0
    resolution: str = ""

    @property
    def p95(self) -> float:
        return percentile(self.ms, 95)


async def run(lineup: Lineup, quick: bool) -> Outcome:
    sites = tuple(lineup.site(name, plan) for name, plan in plans(quick).items())
    found = await compare(lineup, sites, quick)
    found.tables.append(files_table(sites))
    for site in sites:
        site.remove()
    return found


def plans(quick: bool) -> dict[str, Plan]:
    """Of the big and the small database, by name."""
    readings = QUICK_READINGS if quick else READINGS
    return {
        "history-big": Plan(DEVICES, METRICS, readings, DAYS),
        "history-small": Plan(1, METRICS[:1], readings, DAYS),
    }


async def compare(lineup: Lineup, sites: Sequence[Site], quick: bool, engine: str = "") -> Outcome:
    """The same windows of the big and the small database, in turn."""
    big, small = sites
    asked = ASKED // 4 if quick else ASKED
    seen = {name: (Took(), Took()) for name in WINDOWS}
    with ExitStack() as servers:
        many = Asker(servers.enter_context(running(lineup.of_site(big))), DEVICES, METRICS)
        few = Asker(servers.enter_context(running(lineup.of_site(small))), 1, METRICS[:1])
        for turn in range(WARM_UP + asked):
            for name, took in seen.items():
                ends_ms = end_of(WINDOWS[name], turn)
                pairs = list(zip((many, few), took, strict=True))
                for asker, kept in pairs if turn % 2 else reversed(pairs):
                    await asker.ask(WINDOWS[name], ends_ms, kept if turn >= WARM_UP else Took())
    count, _ = big.readings()
    return Outcome(rows(seen, count, engine), [windows_table(seen, engine)])


def end_of(window_ms: int, turn: int) -> int:
    """Unix ms: every second window ends now as a live page's does, the others anywhere in the 30 days."""
    now_ms = int(time.time() * 1000)
    return now_ms if turn % 2 else now_ms - random.randrange(DAYS * DAY_MS - window_ms + 1)


class Asker:
    """One client of one server, whose connection stays."""

    def __init__(self, server: Server, devices: int, metrics: tuple[str, ...]) -> None:
        self.server = server
        self.lines = [(device_name(n), metric) for n in range(devices) for metric in metrics]
        self.connection: Connection | None = None

    async def ask(self, window_ms: int, ends_ms: int, took: Took) -> None:
        """One window of a random metric."""
        self.connection = self.connection or await Connection.open(self.server)
        device, metric = random.choice(self.lines)
        query = urlencode(
            {"device": device, "metric": metric, "since": ends_ms - window_ms, "until": ends_ms, "points": POINTS}
        )
        body, ms = await timed_get(self.connection, self.server, f"/two/readings/?{query}")
        took.ms.append(ms)
        [series] = json.loads(body)["series"]
        took.points, took.resolution = len(series["points"]), series["resolution"]
        await asyncio.sleep(0)


def rows(seen: dict[str, tuple[Took, Took]], readings: int, engine: str) -> list[Row]:
    slowest, (slow, _) = max(seen.items(), key=lambda item: item[1][0].p95)
    widest, (many, few) = max(seen.items(), key=lambda item: ratio(*item[1]))
    what = f"history{engine} with {readings:,} readings, one metric, {POINTS} points, any window"
    return [
        Row(
            f"{what}: p95 over HTTP",
            f"{slow.p95:.1f} ms ({slowest})",
            f"≤ {P95_LIMIT_MS} ms",
            slow.p95 <= P95_LIMIT_MS,
            at_most(f"history{engine}", slow.p95, P95_LIMIT_MS),
        ),
        Row(
            f"… p95 against the same windows with {readings // (DEVICES * len(METRICS)):,} readings",
            f"{many.p95:.1f} / {few.p95:.1f} ms = {ratio(many, few):.2f}× ({widest})",
            f"≤ {RATIO}×",
            ratio(many, few) <= RATIO,
            at_most(f"history{engine}, growth", ratio(many, few), RATIO),
        ),
    ]


def ratio(many: Took, few: Took) -> float:
    return many.p95 / few.p95


def windows_table(seen: dict[str, tuple[Took, Took]], engine: str) -> Table:
    return Table(
        f"One metric over HTTP{engine}, {len(next(iter(seen.values()))[0].ms)} windows each, half of them ending now",
        ("window", "from", "points", "p50 ms", "p95 ms", "p50 ms, one metric alone", "p95 ms, alone", "p95 ratio"),
        [
            (
                name,
                many.resolution,
                str(many.points),
                *(f"{percentile(took.ms, percent):.1f}" for took in (many, few) for percent in (50, 95)),
                f"{ratio(many, few):.2f}×",
            )
            for name, (many, few) in seen.items()
        ],
        Bars(
            "{window}",
            (
                Column("p95 ms", "p95 among all metrics", "ms"),
                Column("p95 ms, alone", "p95 of one metric alone", "ms", peer=True),
            ),
        ),
    )


def files_table(sites: Iterable[Site]) -> Table:
    lines: list[tuple[str, ...]] = []
    for site in sites:
        count, _ = site.readings()
        seconds = site.seeded.seconds
        lines.append((f"{count:,}", f"{seconds:.0f}", f"{count / seconds:,.0f}", f"{site.megabytes:,.0f}"))
    return Table(
        "How those databases were filled, by `two.storage.store`",
        ("readings", "s", "readings/s", "MB"),
        lines,
        Bars("{readings} readings", (Column("readings/s", "stored", "readings/s"), Column("MB", "size", "MB"))),
    )
