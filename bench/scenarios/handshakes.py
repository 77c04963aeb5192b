"""Handshakes a second of one core: ours, anonymous and logged in, beside an echo on uvicorn with nothing around it.

All three servers run; each in turn gets a rush of visitors that stay until the rush is over.
"""

import asyncio
from contextlib import ExitStack
from statistics import median

from two.nanoseconds import NS_PER_SECOND

from ..lineup import Lineup
from ..load import Crowd
from ..measures import Bars, Column, Outcome, Row, Table, at_least
from ..seed import Plan
from ..servers import Server, running

ROUNDS = 7
VISITORS = 1_000
AT_ONCE = 100
ACCOUNTS = 500
ANONYMOUS_SHARE = 0.6
SESSION_SHARE = 0.3
QUIET_SECONDS = 1.0
"""Until what the last rush left behind is tidied up."""


async def run(lineup: Lineup, quick: bool) -> Outcome:
    rounds, visitors = (3, 300) if quick else (ROUNDS, VISITORS)
    site = lineup.site("handshakes", Plan(accounts=ACCOUNTS))
    with ExitStack() as stack:
        bare = stack.enter_context(running(lineup.echo()))
        ours = stack.enter_context(running(lineup.of_site(site)))
        ways = {
            "bare uvicorn": Crowd(bare),
            "ours, anonymous": Crowd(ours),
            "ours, logged in": Crowd(ours, session_keys=site.seeded.session_keys),
        }
        seen: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for turn in range(rounds + 1):
            for way, crowd in ways.items() if turn % 2 else reversed(ways.items()):
                found = await rush(crowd, visitors)
                if turn:  # caches are warm, and Python has compiled
                    seen[way].append(found)
    site.remove()
    first, *others = ways
    by_round = {way: [a / b for (a, _), (b, _) in zip(seen[way], seen[first], strict=True)] for way in others}
    shares = {way: median(found) for way, found in by_round.items()}
    ranges = {way: f"{min(found):.0%} to {max(found):.0%}" for way, found in by_round.items()}
    of_core = {way: median(rate for rate, _ in found) for way, found in seen.items()}
    limits = zip(others, (ANONYMOUS_SHARE, SESSION_SHARE), strict=True)
    return Outcome(
        [
            Row(
                f"handshakes, {way.removeprefix('ours, ')}: against a bare uvicorn echo",
                f"{shares[way]:.0%}, the middle of {rounds} rounds ({ranges[way]})",
                f"≥ {limit:.0%}",
                shares[way] >= limit,
                at_least(f"handshakes, {way.removeprefix('ours, ')}", shares[way], limit),
            )
            for way, limit in limits
        ],
        [
            Table(
                f"{visitors:,} visitors in a rush, {AT_ONCE} at a time, {rounds} rounds",
                ("server", "handshakes per second of CPU", "share", "µs CPU each", "a second by the clock"),
                [
                    (
                        way,
                        f"{of_core[way]:,.0f}",
                        f"{shares.get(way, 1.0):.0%}",
                        f"{1e6 / of_core[way]:.0f}",
                        f"{median(rate for _, rate in found):,.0f}",
                    )
                    for way, found in seen.items()
                ],
                Bars(
                    "{server}",
                    (
                        Column("handshakes per second of CPU", "handshakes per second of CPU"),
                        Column("µs CPU each", "CPU each", "µs"),
                    ),
                    ours=("ours",),
                ),
            )
        ],
    )


async def rush(crowd: Crowd, visitors: int) -> tuple[float, float]:
    """Handshakes per second of CPU, and of time."""
    server: Server = crowd.server
    before = server.cpu_ns()
    seconds = await crowd.open(visitors, AT_ONCE)
    spent = (server.cpu_ns() - before) / NS_PER_SECOND
    await crowd.leave()
    await asyncio.sleep(QUIET_SECONDS)
    return visitors / spent, visitors / seconds
