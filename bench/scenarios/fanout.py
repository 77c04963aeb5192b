"""CPU per delivery at 2,000 viewers: ours on uvicorn and on Daphne, three peers, and consumers in a group.

Every server in turn gets the same viewers for the same number of ticks, several times
over and back and forth, so that the machine's moods meet all alike; the median tick counts.
"""

import asyncio
from collections.abc import Callable
from statistics import fmean, median

from examplechannels.ticker import TICK_SECONDS

from ..lineup import Lineup
from ..load import Crowd
from ..measures import Bars, Column, Delivery, Outcome, Row, Table, at_most
from ..servers import Server, running

VIEWERS = 2_000
ROUNDS = 3
WARM_UP_TICKS = 2
"""Before each window: Node compiles while it runs."""
TICKS = 4
SETTLE_SECONDS = 1.5
"""A server that has just started still reads its word list."""
KEEPALIVE_TICKS = 13
"""26 s: at least one ping and pong of everyone (uvicorn 20 s, Socket.IO 25 s)."""
SOCKET_IO_LIMIT = 1.0
WS_LIMIT = 1.5
GROUP_LIMIT = 0.1
DAPHNE_LIMIT = 3.0


async def run(lineup: Lineup, quick: bool) -> Outcome:
    viewers, rounds = (500, 1) if quick else (VIEWERS, ROUNDS)
    makers = [
        lineup.ours,
        lineup.socket_io,
        lineup.ws,
        lineup.picows,
        lambda: lineup.daphne("/ws/two_url/"),
        lineup.group,
    ]
    seen: dict[str, list[tuple[Delivery, float]]] = {}
    for turn in range(rounds):
        for make in makers if turn % 2 == 0 else reversed(makers):
            server = make()
            seen.setdefault(server.name, []).append(await measure(server, viewers, TICKS))
    cpu = {name: typical(found) for name, found in seen.items()}
    rows = [
        against(cpu, "ours", "Socket.IO", SOCKET_IO_LIMIT),
        against(cpu, "ours", "ws", WS_LIMIT),
        against(cpu, "ours", "group consumers", GROUP_LIMIT),
        against(cpu, "Daphne", "ours", DAPHNE_LIMIT),
    ]
    lines = [line(name, found, cpu["ours"]) for name, found in seen.items()]
    tables = [
        Table(
            f"One delivery to {viewers:,} viewers, {rounds} runs of {TICKS} ticks each",
            ("server", "µs CPU, median tick", "mean", "ours is", "p99 ms", "kB per viewer", "delivered"),
            lines,
            Bars(
                "{server}",
                (
                    Column("µs CPU, median tick", "CPU per delivery", "µs"),
                    Column("p99 ms", "p99 of a delivery", "ms"),
                    Column("kB per viewer", "memory per viewer", "kB"),
                ),
                ours=("ours",),
            ),
        )
    ]
    if not quick:
        tables.append(await with_keepalive([lineup.ours, lineup.socket_io]))
    return Outcome(rows, tables)


async def measure(server: Server, viewers: int, ticks: int) -> tuple[Delivery, float]:
    """Deliveries of `server`, and its memory per viewer in kB."""
    with running(server):
        await asyncio.sleep(SETTLE_SECONDS)
        before = server.rss_bytes()
        crowd = Crowd(server)
        await crowd.open(viewers)
        await crowd.watch(WARM_UP_TICKS)
        delivery = await crowd.watch(ticks)
        per_viewer = (server.rss_bytes() - before) / viewers / 1000
        await crowd.leave()
    return delivery, per_viewer


def typical(found: list[tuple[Delivery, float]]) -> float:
    """µs of CPU per delivery of the median tick of all windows."""
    return median(us for delivery, _ in found for us in delivery.tick_us)


def against(cpu: dict[str, float], name: str, peer: str, limit: float) -> Row:
    ratio = cpu[name] / cpu[peer]
    return Row(
        f"CPU per delivery, {name} against {peer}",
        f"{cpu[name]:.1f} / {cpu[peer]:.1f} µs = {ratio:.2f}×",
        f"≤ {limit}×",
        ratio <= limit,
        at_most(f"CPU, {name} to {peer}", ratio, limit),
    )


def line(name: str, found: list[tuple[Delivery, float]], ours: float) -> tuple[str, ...]:
    cpu = typical(found)
    delivered = sum(d.delivered for d, _ in found)
    expected = sum(d.expected for d, _ in found)
    return (
        name,
        f"{cpu:.1f}",
        f"{fmean(d.mean_us for d, _ in found):.1f}",
        f"{ours / cpu:.2f}×",
        f"{median(d.p99 for d, _ in found):.0f}",
        f"{median(kb for _, kb in found):.0f}",
        f"{delivered:,} of {expected:,}",
    )


async def with_keepalive(makers: list[Callable[[], Server]]) -> Table:
    """The same over a time in which each viewer is pinged once at least."""
    lines: list[tuple[str, ...]] = []
    for make in makers:
        server = make()
        delivery, _ = await measure(server, VIEWERS, KEEPALIVE_TICKS)
        lines.append((server.name, f"{delivery.mean_us:.1f}"))
    return Table(
        f"The same over {KEEPALIVE_TICKS * TICK_SECONDS} s, keepalive pings included",
        ("server", "µs CPU per delivery"),
        lines,
        Bars("{server}", (Column("µs CPU per delivery", "CPU per delivery", "µs"),), ours=("ours",)),
    )
