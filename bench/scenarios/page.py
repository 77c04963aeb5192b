"""Twenty series at ten readings a second each in Chromium: memory of the page, and how busy its main thread is."""

import asyncio
import json
import math
from dataclasses import dataclass
from itertools import pairwise

from ..browser import Usage, Watched, open_page
from ..ingest import Acks, open_socket
from ..lineup import Lineup
from ..measures import Column, Lines, Outcome, Row, Table, at_most
from ..pace import every
from ..seed import Plan
from ..servers import running

DEVICES = 5
METRICS = ("temperature", "humidity", "pressure", "power")
SERIES = DEVICES * len(METRICS)
PERIOD_SECONDS = 0.1
SECONDS, QUICK_SECONDS = 600, 120
SETTLED_SECONDS, QUICK_SETTLED_SECONDS = 120, 75
"""Until then the window of a minute fills up."""
LOOK_SECONDS, QUICK_LOOK_SECONDS = 30, 15
HEAP_PERCENT = 5.0
BUSY = 0.3
PATH = "/two/?window=1m"
LINES = "[data-line]"
"""An entry of a chart's legend for each series."""


@dataclass(frozen=True)
class Look:
    """`before` and `after` the collection that it forces; `seconds` since the page was opened."""

    seconds: float
    before: Usage
    after: Usage


async def run(lineup: Lineup, quick: bool) -> Outcome:
    seconds = QUICK_SECONDS if quick else SECONDS
    settled = QUICK_SETTLED_SECONDS if quick else SETTLED_SECONDS
    step = QUICK_LOOK_SECONDS if quick else LOOK_SECONDS
    site = lineup.site("page", Plan(DEVICES, METRICS))
    acks = Acks()
    with running(lineup.of_site(site)) as server:
        tokens = site.seeded.device_tokens
        sockets = [await open_socket(server, acks, token) for token in tokens]

        def send(number: int) -> None:
            for device, socket in enumerate(sockets):
                socket.send_text(json.dumps(values(device, number * PERIOD_SECONDS)))

        sending = asyncio.create_task(every(PERIOD_SECONDS, send))
        async with open_page(server, PATH, notes_frames=False) as page:
            looks = await look_on(page, settled, seconds, step)
            lines = await page.count(LINES)
            sending.cancel()
        for socket in sockets:
            socket.transport.abort()
    site.remove()
    if lines != SERIES or acks.errors:
        raise RuntimeError(f"the page shows {lines} lines of {SERIES}, refused: {acks.errors[:1]}")
    return Outcome(rows(looks, seconds), [table(looks)])


def values(device: int, seconds: float) -> dict[str, float]:
    """Smooth lines with a little noise, apart from each other."""
    return {
        name: round(20 * (index + 1) + device + math.sin(seconds / 7 + device) + math.sin(seconds * 37) / 8, 3)
        for index, name in enumerate(METRICS)
    }


async def look_on(page: Watched, settled: float, seconds: float, step: float) -> list[Look]:
    """Looks from `settled` to `seconds` after now, each `step` seconds."""
    loop = asyncio.get_running_loop()
    began, at, looks = loop.time(), settled, []
    while at <= seconds:
        await asyncio.sleep(began + at - loop.time())
        before = await page.usage()
        await page.collect_garbage()
        looks.append(Look(at, before, await page.usage()))
        at += step
    return looks


def rows(looks: list[Look], seconds: float) -> list[Row]:
    heaps = [look.after.heap_bytes / 1e6 for look in looks]
    growth = max(abs(heap / heaps[0] - 1) for heap in heaps) * 100
    spent = busy(looks)
    what = f"{SERIES} series at {1 / PERIOD_SECONDS:.0f} Hz for {seconds / 60:.0f} minutes in Chromium"
    return [
        Row(
            f"{what}: heap since {looks[0].seconds:.0f} s, after collections",
            f"within {growth:.1f} % of {heaps[0]:.1f} MB, {(heaps[-1] / heaps[0] - 1) * 100:+.1f} % at the end",
            f"within {HEAP_PERCENT:.0f} %",
            growth <= HEAP_PERCENT,
            at_most("a page's heap, growth", growth, HEAP_PERCENT),
        ),
        Row(
            f"{what}: main thread busy",
            f"{spent:.0%}",
            f"≤ {BUSY:.0%}",
            spent <= BUSY,
            at_most("a page's main thread", spent, BUSY),
        ),
    ]


def busy(looks: list[Look]) -> float:
    """Share of the time between looks, the forced collections left out."""
    tasks = sum(late.before.task_s - early.after.task_s for early, late in pairwise(looks))
    return tasks / sum(late.before.at_s - early.after.at_s for early, late in pairwise(looks))


def table(looks: list[Look]) -> Table:
    lines: list[tuple[str, ...]] = []
    for early, late in pairwise([looks[0], *looks]):
        first = early is late
        lasted = late.before.at_s - early.after.at_s
        script = (late.before.script_s - early.after.script_s) / lasted
        lines.append(
            (
                f"{late.seconds:.0f}",
                f"{late.after.heap_bytes / 1e6:.2f}",
                f"{late.after.process_bytes / 1e6:.0f}",
                f"{late.after.nodes:,.0f}",
                f"{late.after.listeners:,.0f}",
                "–" if first else f"{busy([early, late]):.0%}",
                "–" if first else f"{script:.0%}",
            )
        )
    return Table(
        f"The page with {SERIES} series",
        ("s", "heap MB", "process MB", "DOM nodes", "listeners", "main thread since", "of it script"),
        lines,
        Lines(
            "s",
            "seconds",
            (
                Column("heap MB", "heap", "MB"),
                Column("main thread since", "main thread busy", "%"),
                Column("of it script", "of it script", "%"),
            ),
        ),
    )
