"""A chart with 10,000 pins in its window: one request, and a page that stays smooth while new readings come."""

import asyncio
import json
import math
import time

from ..browser import open_page
from ..http import Connection, timed_get
from ..ingest import Acks, open_socket
from ..lineup import Lineup
from ..measures import Outcome, Row, at_most, percentile
from ..pace import every
from ..seed import Plan, device_name
from ..servers import Server, running

PINS = 10_000
METRICS = ("temperature", "pressure")
PERIOD_SECONDS = 0.1
SECONDS, QUICK_SECONDS = 20, 8
ASKED, QUICK_ASKED = 50, 10
WINDOW_MS = 3_600_000
PATH = f"/two/device/{device_name(0)}/?window=1h"
FLAGS = "button.pin"
FRAME_LIMIT_MS = 50
"""A frame that takes longer than three of a 60 Hz screen is seen to stutter."""
WATCH = """
globalThis.benchGaps = [];
globalThis.benchMoments = 0;
const { fetch: asked } = globalThis;
globalThis.fetch = (address, ...more) => {
  benchMoments += String(address).includes("/two/moments/") ? 1 : 0;
  return asked(address, ...more);
};
let before = 0;
requestAnimationFrame(function note(now) {
  if (before) benchGaps.push(now - before);
  before = now;
  requestAnimationFrame(note);
});
"""
"""Notes the milliseconds between two pictures, and counts requests for pins."""


async def run(lineup: Lineup, quick: bool) -> Outcome:
    seconds, asked = (QUICK_SECONDS, QUICK_ASKED) if quick else (SECONDS, ASKED)
    site = lineup.site("pins", Plan(1, METRICS, readings=3_000, days=1 / 24, pins=PINS))
    acks = Acks()
    with running(lineup.of_site(site)) as server:
        took, size, counted = await ask(server, asked)
        socket = await open_socket(server, acks, site.seeded.device_tokens[0])

        def send(number: int) -> None:
            values = {METRICS[0]: 60 + 8 * math.sin(number / 40), METRICS[1]: 1.5}
            socket.send_text(json.dumps(values))

        sending = asyncio.create_task(every(PERIOD_SECONDS, send))
        async with open_page(server, PATH, notes_frames=False, script=WATCH) as page:
            await page.page.wait_for_selector(FLAGS)
            requests: int = await page.page.evaluate("benchMoments")
            await page.page.evaluate("benchGaps.splice(0)")
            await asyncio.sleep(seconds)
            gaps_ms: list[float] = await page.page.evaluate("benchGaps.splice(0)")
            flags = await page.count(FLAGS)
        sending.cancel()
        socket.transport.abort()
    site.remove()
    p99 = percentile(gaps_ms, 99)
    return Outcome(
        [
            Row(
                f"{PINS:,} pins in a window of an hour: one request",
                f"{requests} by the page; p95 {percentile(took, 95):.0f} ms, {size / 1000:.0f} kB, {counted:,} pins",
                f"1; all {PINS:,}",
                requests == 1 and counted == PINS,
            ),
            Row(
                f"… in Chromium, {flags} flags, readings at {1 / PERIOD_SECONDS:.0f} Hz: between two pictures",
                f"p99 {p99:.0f} ms (p50 {percentile(gaps_ms, 50):.0f})",
                f"p99 ≤ {FRAME_LIMIT_MS} ms",
                p99 <= FRAME_LIMIT_MS and flags > 0,
                at_most("pins, between pictures", p99, FRAME_LIMIT_MS),
            ),
        ],
        [],
    )


async def ask(server: Server, times: int) -> tuple[list[float], int, int]:
    """Milliseconds of each answer, its bytes, and the pins that it counts."""
    connection = await Connection.open(server)
    now_ms = int(time.time() * 1000)
    path = f"/two/moments/?device={device_name(0)}&since={now_ms - WINDOW_MS}&until={now_ms + 1000}&points=200"
    took: list[float] = []
    body = b""
    for _ in range(times):
        body, ms = await timed_get(connection, server, path)
        took.append(ms)
    connection.close()
    return took, len(body), sum(pin["count"] for pin in json.loads(body)["pins"])
