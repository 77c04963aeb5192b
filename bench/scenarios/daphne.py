"""500 viewers of the words on Daphne, and sockets of other pages opening meanwhile."""

import asyncio
import time

from examplechannels.ticker import TICK_SECONDS

from ..lineup import Lineup
from ..load import Crowd
from ..measures import Outcome, Row, at_most, percentile
from ..servers import Server, running

VIEWERS = 500
TICKS = 5
OPENINGS = 25
"""New sockets after each tick, evenly over `OPENING_SECONDS`."""
OPENING_SECONDS = 0.25
LIMIT_MS = 100


async def run(lineup: Lineup, quick: bool) -> Outcome:
    viewers = 200 if quick else VIEWERS
    with running(lineup.daphne()) as server:
        crowd = Crowd(server)
        await crowd.open(viewers, at_once=50)
        openings = asyncio.create_task(open_after_ticks(server))
        delivery = await crowd.watch(TICKS)
        opened = await openings
        await crowd.leave()
    p50, p95 = percentile(opened, 50), percentile(opened, 95)
    who = f"Daphne, {viewers} viewers of words"
    return Outcome(
        [
            Row(
                f"{who}: words delivered",
                f"{delivery.delivered:,} of {delivery.expected:,}, the whole within "
                f"{delivery.late_p99:.0f} ms of the tick (p99)",
                "all",
                delivery.complete == viewers,
            ),
            Row(
                f"{who}: {len(opened)} other sockets opened within {OPENING_SECONDS * 1000:.0f} ms after a tick",
                f"open in {p50:.0f} ms (p50), {p95:.0f} ms (p95)",
                f"p95 ≤ {LIMIT_MS} ms",
                p95 <= LIMIT_MS,
                at_most("Daphne, sockets opened", p95, LIMIT_MS),
            ),
        ]
    )


async def open_after_ticks(server: Server) -> list[float]:
    """Milliseconds that each opening of `/ws/two_url/` took, `TICKS` times."""
    others = Crowd(server, "/ws/two_url/")
    took: list[float] = []
    for _ in range(TICKS):
        await asyncio.sleep(TICK_SECONDS - time.time() % TICK_SECONDS)
        took += await asyncio.gather(*(timed_opening(others, OPENING_SECONDS * i / OPENINGS) for i in range(OPENINGS)))
        await others.leave()
    return took


async def timed_opening(crowd: Crowd, delay: float) -> float:
    await asyncio.sleep(delay)
    started = time.perf_counter()
    await crowd.open_one()
    return (time.perf_counter() - started) * 1000
