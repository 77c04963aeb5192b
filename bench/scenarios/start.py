"""`make run` when nothing has changed, until it serves; and the first word of a server that has just started."""

import asyncio
import time
import urllib.request
from statistics import median

from .. import kernel
from ..lineup import Lineup
from ..load import Crowd
from ..measures import Outcome, Row, at_most
from ..servers import HOST, Server, running

RUNS, QUICK_RUNS = 5, 2
LIMIT_SECONDS = 3.0
WORD_LIMIT_MS = 100
"""Loading the list takes 300."""
VISITOR_SECONDS = 0.5
"""After the server listens: nobody is there sooner by hand."""
WORDS = "/ws/any_url/"


async def run(lineup: Lineup, quick: bool) -> Outcome:
    runs = QUICK_RUNS if quick else RUNS
    started(lineup.make_run())  # the database is made, Python has compiled
    took = [started(lineup.make_run()) for _ in range(runs)]
    words = [await first_word(lineup.ours(WORDS)) for _ in range(runs)]
    return Outcome(
        [
            Row(
                "`make run` with nothing changed: until / is answered",
                f"{median(took):.1f} s (of {runs}, the slowest {max(took):.1f} s)",
                f"≤ {LIMIT_SECONDS:.0f} s",
                median(took) <= LIMIT_SECONDS,
                at_most("`make run` again", median(took), LIMIT_SECONDS),
            ),
            Row(
                f"the first visitor of a new server, {VISITOR_SECONDS} s after it listens: until the first word",
                f"{median(words):.0f} ms (the slowest {max(words):.0f} ms)",
                f"≤ {WORD_LIMIT_MS} ms",
                median(words) <= WORD_LIMIT_MS,
                at_most("a new server's first word", median(words), WORD_LIMIT_MS),
            ),
        ]
    )


def started(server: Server) -> float:
    """Seconds until the home page is there. On all cores, as by hand."""
    server.cores = kernel.CORES
    began = time.monotonic()
    server.start()
    try:
        with urllib.request.urlopen(f"http://{HOST}:{server.port}/", timeout=30):
            return time.monotonic() - began
    finally:
        server.kill()


async def first_word(server: Server) -> float:
    """Milliseconds from connecting to the word."""
    with running(server):
        await asyncio.sleep(VISITOR_SECONDS)
        began = time.perf_counter()
        crowd = Crowd(server)
        visitor = await crowd.open_one()
        while not visitor.count:
            await asyncio.sleep(0.001)
        took = (time.perf_counter() - began) * 1000
        await crowd.leave()
    return took
