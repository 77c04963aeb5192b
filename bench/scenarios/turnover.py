"""1,000 viewers come and go at once, 20 times: what is left over."""

import asyncio
import time
from dataclasses import dataclass

from examplechannels.ticker import TICK_SECONDS

from .. import kernel
from ..lineup import Lineup
from ..load import Crowd
from ..measures import Column, Lines, Outcome, Row, Table, at_most
from ..servers import Server, running

VIEWERS = 1_000
ROUNDS = 20
SETTLED = 5
"""Rounds after which pools are full and memory should be flat."""
WARM_UP_VIEWERS = 60
"""Who come before: the first visitors open the database for good, two files for each thread that asks it."""
KB_LIMIT = 1.0
"""Per visitor since round `SETTLED`. The allocator moves by some MB in a step; a dead viewer that is kept
costs from 5 kB (its protocol objects, where the garbage collector never comes) to 30 kB (all of it)."""
PATHS = ("/ws/two_url/", "/ws/any_url/", "/ws/chat/bench-{round}/")
AFTER_TICK_SECONDS = 0.2
GONE_SECONDS = 10.0


@dataclass(frozen=True)
class Remains:
    """A server without viewers."""

    rss_mb: float
    files: int
    threads: int


async def run(lineup: Lineup, quick: bool) -> Outcome:
    viewers, rounds = (300, 12) if quick else (VIEWERS, ROUNDS)
    with running(lineup.ours()) as server:
        await come_and_go(server, WARM_UP_VIEWERS, 0)
        await asyncio.sleep(1)  # their sockets close
        after = [look(server)]
        for turn in range(rounds):
            await come_and_go(server, viewers, turn)
            await until_files(server, after[0].files)
            after.append(look(server))
    first, settled, last = after[0], after[SETTLED], after[-1]
    grown_kb = (last.rss_mb - settled.rss_mb) * 1000 / (viewers * (rounds - SETTLED))
    who = f"{viewers:,} come and go {rounds} times"
    return Outcome(
        [
            Row(
                f"{who}: open files more than before",
                f"{last.files - first.files}",
                "0",
                last.files <= first.files,
            ),
            Row(
                f"{who}: threads more than after round {SETTLED}",
                f"{last.threads - settled.threads}",
                "0",
                last.threads <= settled.threads,
            ),
            Row(
                f"{who}: memory kept per visitor since round {SETTLED}",
                f"{grown_kb:+.2f} kB ({last.rss_mb - settled.rss_mb:+.1f} MB)",
                f"≤ {KB_LIMIT:.0f} kB",
                grown_kb <= KB_LIMIT,
                at_most("memory kept per visitor", grown_kb, KB_LIMIT),
            ),
        ],
        [
            Table(
                "After each round",
                ("round", "MB", "open files", "threads"),
                [
                    (str(turn), f"{r.rss_mb:.1f}", str(r.files), str(r.threads))
                    for turn, r in enumerate(after)
                    if turn in (0, 1, 2, SETTLED, 10, 15, rounds)
                ],
                Lines(
                    "round",
                    "rounds",
                    (Column("MB", "memory", "MB"), Column("open files", "open files"), Column("threads", "threads")),
                ),
            )
        ],
    )


def look(server: Server) -> Remains:
    pid = server.pid
    return Remains(kernel.rss_bytes(pid) / 1e6, kernel.open_files(pid), kernel.threads(pid))


async def come_and_go(server: Server, viewers: int, turn: int) -> None:
    """All three kinds of page open in one burst, see a tick, and vanish."""
    share = viewers // len(PATHS)
    crowds = [Crowd(server, path.format(round=turn)) for path in PATHS]
    await asyncio.gather(*(crowd.open(share, at_once=share) for crowd in crowds))
    await asyncio.sleep(TICK_SECONDS - time.time() % TICK_SECONDS + AFTER_TICK_SECONDS)
    await asyncio.gather(*(crowd.leave() for crowd in crowds))


async def until_files(server: Server, files: int) -> None:
    """Wait until the server has closed its sockets, at most `GONE_SECONDS`."""
    deadline = time.monotonic() + GONE_SECONDS
    while kernel.open_files(server.pid) > files and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
