"""From a reading's sending to its frame in a page: 1,000 readings a second, one a frame, Chromium at `/two/`.

The value of each reading is its number, so that it is known again in the page. Clocks are this machine's.
"""

import asyncio
import json
import time
from array import array
from collections.abc import Iterable, Mapping

from .. import kernel
from ..browser import open_page
from ..frames import take_frame, text_frame
from ..ingest import Acks, open_socket
from ..lineup import Lineup
from ..load import Crowd
from ..measures import Bars, Column, Outcome, Row, Table, at_most, percentile
from ..pace import every
from ..seed import Plan, device_name
from ..servers import running

PER_SECOND = 1_000
METRICS = tuple(f"m{number}_percent" for number in range(20))
SECONDS, QUICK_SECONDS = 30, 10
WARM_UP_SECONDS = 5
SETTLE_SECONDS = FLUSH_SECONDS = 1.0
P95_LIMIT_MS = 60
PATH = "/two/?window=1m"
VIEWER_PATH = f"/ws/two/?device={device_name(0)}"


async def run(lineup: Lineup, quick: bool) -> Outcome:
    seconds = QUICK_SECONDS if quick else SECONDS
    site = lineup.site("delay", Plan(1, METRICS))
    sent = array("d")
    acks = Acks()
    with running(lineup.of_site(site)) as server:
        async with open_page(server, PATH, notes_frames=True) as page:
            plain = Crowd(server, VIEWER_PATH)
            await plain.open_one()
            socket = await open_socket(server, acks, site.seeded.device_tokens[0])

            def send(number: int) -> None:
                frame = text_frame(json.dumps({METRICS[number % len(METRICS)]: number}))
                sent.append(time.time())
                socket.transport.write(frame)

            await every(1 / PER_SECOND, send, (WARM_UP_SECONDS + seconds) * PER_SECOND)
            await asyncio.sleep(SETTLE_SECONDS)
            in_page = arrivals((at_ms / 1000, text) for at_ms, text in await page.frames())
            in_plain = arrivals((times[0], payload_of(frame)) for frame, times in plain.arrivals.items())
            socket.transport.abort()
            await plain.leave()
    site.remove()
    asked = range(WARM_UP_SECONDS * PER_SECOND, len(sent))

    def delays(arrived: Mapping[int, float]) -> list[float]:
        return [(arrived[number] - sent[number]) * 1000 for number in asked if number in arrived]

    stages = {
        "acknowledged: committed": delays(dict(enumerate(acks.times))),
        "its frame at a plain viewer": delays(in_plain),
        "its frame in Chromium": delays(in_page),
        "(a flush of 8 kB to this disk)": kernel.flushes_ms(lineup.data_dir, FLUSH_SECONDS),
    }
    return Outcome(rows(stages["its frame in Chromium"], acks, len(sent), len(asked)), [table(stages)])


def rows(delays: list[float], acks: Acks, sent: int, asked: int) -> list[Row]:
    p95 = percentile(delays, 95)
    what = f"{PER_SECOND:,} readings/s on an ingest socket, one a frame"
    return [
        Row(
            f"{what}: sent until its frame is in Chromium",
            f"p95 {p95:.0f} ms (p50 {percentile(delays, 50):.0f}, p99 {percentile(delays, 99):.0f})",
            f"p95 ≤ {P95_LIMIT_MS} ms",
            p95 <= P95_LIMIT_MS and len(delays) > 0,
            at_most("reading until in Chromium", p95, P95_LIMIT_MS),
        ),
        Row(
            f"{what}: committed, and seen by the page",
            f"{acks.count:,} and {len(delays):,}",
            f"{sent:,} and {asked:,}",
            (acks.count, len(delays)) == (sent, asked),
        ),
    ]


def table(stages: dict[str, list[float]]) -> Table:
    lines: list[tuple[str, ...]] = [
        (stage, *(f"{percentile(delays, percent):.1f}" for percent in (50, 95, 99))) for stage, delays in stages.items()
    ]
    return Table(
        f"A reading's way at {PER_SECOND:,} a second",
        ("sent until", "p50 ms", "p95 ms", "p99 ms"),
        lines,
        Bars(
            "{sent until}",
            (Column("p50 ms", "p50", "ms"), Column("p95 ms", "p95", "ms"), Column("p99 ms", "p99", "ms")),
            ours=("acknowledged", "its frame"),
        ),
    )


def arrivals(frames: Iterable[tuple[float, str | bytes]]) -> dict[int, float]:
    """Unix seconds at which each number came."""
    found: dict[int, float] = {}
    for at, text in frames:
        readings = json.loads(text)
        for reading in readings if isinstance(readings, list) else []:
            if reading["device"] == device_name(0):
                found[round(reading["data"])] = at
    return found


def payload_of(frame: bytes) -> bytes:
    found = take_frame(frame)
    return found[1] if found else b"null"
