"""What a first visit costs in Chromium: bytes over the wire, time to the first reading, and whether anything jumps.

Beside our pages the least one that shows a reading: Chart.js, a canvas, ten lines of script, the same socket.
"""

import asyncio
from dataclasses import dataclass
from statistics import median

from playwright.async_api import Browser

from .. import kernel
from ..browser import chromium_open
from ..lineup import Lineup
from ..measures import Bars, Column, Outcome, Row, Table, at_most
from ..seed import Plan
from ..servers import HOST, Server, running

PAGES = ("/", "/two/", "/chat/lobby/")
CHART_PAGE, BARE_PAGE = "/two/", "/bare/"
PEERS = "bench.peers.settings"
VISITS, QUICK_VISITS = 7, 2
STAY_SECONDS = 3.0
"""A tick and more: what comes late may still push what is there."""
WIDTH, HEIGHT = 1440, 900
KB_LIMIT, FIRST_LIMIT_MS = 400, 600
WATCH = """
globalThis.benchShift = 0;
globalThis.benchFirst = null;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) benchShift += entry.hadRecentInput ? 0 : entry.value;
}).observe({ type: "layout-shift", buffered: true });
requestAnimationFrame(function look() {
  setTimeout(() => {  // once this frame is drawn
    const charts = Object.values(globalThis.Chart?.instances ?? {});
    if (charts.some(({ data }) => data.datasets.some((line) => line.data.length))) benchFirst = performance.now();
    else requestAnimationFrame(look);
  });
});
"""
SEEN = """[
  [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .map(({ transferSize }) => transferSize),
  benchShift,
  benchFirst,
]"""


@dataclass(frozen=True)
class Visit:
    """`first_ms` after navigation began; None on a page without a chart."""

    wire_bytes: float
    requests: int
    shift: float
    first_ms: float | None


async def run(lineup: Lineup, quick: bool) -> Outcome:
    site = lineup.site("first-look", Plan(1, ("temperature",), readings=500, days=0.1, messages=200))
    seen: dict[str, list[Visit]] = {path: [] for path in (*PAGES, BARE_PAGE)}
    with running(lineup.of_site(site, PEERS)) as server, kernel.on_cores(kernel.CORES):  # a browser is many processes
        async with chromium_open() as browser:
            await visit(browser, server, PAGES[0])  # Chromium itself has to warm up
            for _ in range(QUICK_VISITS if quick else VISITS):
                for path in (*PAGES, BARE_PAGE):
                    seen[path].append(await visit(browser, server, path))
    site.remove()
    heaviest = max(PAGES, key=lambda path: kilobytes(seen[path]))
    shift = max(one.shift for visits in seen.values() for one in visits)
    first = firsts(seen[CHART_PAGE])
    whole = len(first) == len(seen[CHART_PAGE])
    first_ms = median(first or [0.0])
    bare_ms = median(firsts(seen[BARE_PAGE]) or [0.0])
    what = f"first visit to {', '.join(PAGES[:-1])} and a room in Chromium"
    return Outcome(
        [
            Row(
                f"{what}: over the wire",
                f"{kilobytes(seen[heaviest]):.0f} kB at most ({heaviest})",
                f"≤ {KB_LIMIT} kB",
                kilobytes(seen[heaviest]) <= KB_LIMIT,
                at_most("first look, size", kilobytes(seen[heaviest]), KB_LIMIT),
            ),
            Row(f"{what}: layout shift", f"{shift:.5f} at most", "0", shift == 0),
            Row(
                f"{CHART_PAGE}: from navigation to the first reading on the chart",
                f"{first_ms:.0f} ms ({len(first)} of {len(seen[CHART_PAGE])} visits); a bare page {bare_ms:.0f} ms",
                f"≤ {FIRST_LIMIT_MS} ms",
                whole and first_ms <= FIRST_LIMIT_MS,
                at_most("first look, first reading", first_ms, FIRST_LIMIT_MS),
            ),
        ],
        [
            Table(
                f"A first visit, the middle of {len(seen[CHART_PAGE])}",
                ("page", "kB over the wire", "requests", "layout shift", "first reading ms"),
                [line(path, visits) for path, visits in seen.items()],
                Bars(
                    "{page}",
                    (
                        Column("kB over the wire", "over the wire", "kB"),
                        Column("requests", "requests"),
                        Column("first reading ms", "until the first reading", "ms"),
                    ),
                ),
            )
        ],
    )


async def visit(browser: Browser, server: Server, path: str) -> Visit:
    """With nothing in the cache. The page itself is asked at the end: being told meanwhile takes its time."""
    context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    try:
        page = await context.new_page()
        await page.add_init_script(WATCH)
        await page.goto(f"http://{HOST}:{server.port}{path}")
        await asyncio.sleep(STAY_SECONDS)
        sizes, shift, first = await page.evaluate(SEEN)
    finally:
        await context.close()
    return Visit(sum(sizes), len(sizes), shift, first)


def firsts(visits: list[Visit]) -> list[float]:
    """Milliseconds, of the visits that saw a reading."""
    return [one.first_ms for one in visits if one.first_ms is not None]


def kilobytes(visits: list[Visit]) -> float:
    """Over the wire, of the heaviest."""
    return max(one.wire_bytes for one in visits) / 1000


def line(path: str, visits: list[Visit]) -> tuple[str, ...]:
    first = firsts(visits)
    return (
        path,
        f"{kilobytes(visits):.0f}",
        f"{median(one.requests for one in visits):.0f}",
        f"{max(one.shift for one in visits):.5f}",
        f"{median(first):.0f}" if first else "–",
    )
