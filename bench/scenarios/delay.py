"""From a reading's sending to its frame in a page: 1,000 readings a second, one a frame, Chromium at `/two/`.

The value of each reading is its number, so that it is known again in the page. Clocks are this machine's.
"""

import asyncio
import json
import time
from collections.abc import Iterable

from ..browser import open_page
from ..ingest import Acks, open_socket, text_frame
from ..lineup import Lineup
from ..measures import Outcome, Row, percentile
from ..pace import every
from ..seed import Plan, device_name
from ..servers import running

PER_SECOND = 1_000
METRICS = tuple(f"m{number}_percent" for number in range(20))
SECONDS, QUICK_SECONDS = 30, 10
WARM_UP_SECONDS = 5
SETTLE_SECONDS = 1.0
P95_LIMIT_MS = 60
PATH = "/two/?window=1m"


async def run(lineup: Lineup, quick: bool) -> Outcome:
    seconds = QUICK_SECONDS if quick else SECONDS
    site = lineup.site("delay", Plan(1, METRICS))
    sent: dict[int, float] = {}
    acks = Acks()
    with running(lineup.of_site(site)) as server:
        async with open_page(server, PATH, notes_frames=True) as page:
            socket = await open_socket(server, acks, site.seeded.device_tokens[0], lambda: b"")

            def send(number: int) -> None:
                frame = text_frame(json.dumps({METRICS[number % len(METRICS)]: number}))
                sent[number] = time.time()
                socket.transport.write(frame)

            await every(1 / PER_SECOND, send, (WARM_UP_SECONDS + seconds) * PER_SECOND)
            await asyncio.sleep(SETTLE_SECONDS)
            frames = await page.frames()
            socket.transport.abort()
    site.remove()
    arrived = arrivals(frames)
    asked = range(WARM_UP_SECONDS * PER_SECOND, len(sent))
    delays = [arrived[number] - sent[number] * 1000 for number in asked if number in arrived]
    p95 = percentile(delays, 95)
    what = f"{PER_SECOND:,} readings/s on an ingest socket, one a frame"
    return Outcome(
        [
            Row(
                f"{what}: sent until its frame is in Chromium",
                f"p95 {p95:.0f} ms (p50 {percentile(delays, 50):.0f}, p99 {percentile(delays, 99):.0f})",
                f"p95 ≤ {P95_LIMIT_MS} ms",
                p95 <= P95_LIMIT_MS and len(delays) > 0,
            ),
            Row(
                f"{what}: committed, and seen by the page",
                f"{acks.count:,} and {len(delays):,}",
                f"{len(sent):,} and {len(asked):,}",
                (acks.count, len(delays)) == (len(sent), len(asked)),
            ),
        ]
    )


def arrivals(frames: Iterable[tuple[float, str]]) -> dict[int, float]:
    """Unix ms at which the page got each number."""
    found: dict[int, float] = {}
    for at_ms, text in frames:
        readings = json.loads(text)
        for reading in readings if isinstance(readings, list) else []:
            if reading["device"] == device_name(0):
                found[round(reading["data"])] = at_ms
    return found
