"""Line protocol in batches of 1,000 beside the same SQL with neither HTTP nor parsing.

Server and peer have the same core in turn, each its own database of the same shape; the middle round counts.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from two.nanoseconds import NS_PER_SECOND

from ..batches import DEVICES, METRICS, READINGS, lines_of
from ..http import Connection, request_bytes
from ..lineup import Lineup
from ..measures import Bars, Column, Outcome, Row, Table, at_least, percentile
from ..seed import Plan
from ..servers import Server, running
from ..site import Site

ROUNDS = 5
SECONDS = 4.0
CONNECTIONS = 4
"""Each sends a batch when the last is acknowledged: some is always there to be committed."""
PEER_BATCHES = 200
RATIO = 1 / 2
PER_SECOND = 50_000
PATH = "/api/v2/write?bucket=bench&org=bench&precision=ns"
METRICS_IN_ALL = DEVICES * len(METRICS)


@dataclass(frozen=True)
class Window:
    """Readings per second, milliseconds of each batch until its acknowledgement, and how busy the cores were."""

    per_second: float
    took_ms: list[float]
    server_share: float
    load_share: float


async def run(lineup: Lineup, quick: bool) -> Outcome:
    rounds, seconds, batches = (3, 2.0, PEER_BATCHES // 2) if quick else (ROUNDS, SECONDS, PEER_BATCHES)
    plan = Plan(devices=DEVICES, metrics=METRICS)
    site, peer = lineup.site("lines", plan), lineup.site("lines-peer", plan)
    numbers = itertools.count()
    windows, alone = [], []
    with running(lineup.of_site(site)) as server:
        await write_for(server, site, numbers, 1.0)  # caches and the WAL reach their size
        storage_only(peer, batches, 0)
        for turn in range(1, rounds + 1):
            windows.append(await write_for(server, site, numbers, seconds))
            alone.append(storage_only(peer, batches, turn))
    sent = next(numbers) * READINGS
    found = site.readings()
    ratio = median(w.per_second / a for w, a in zip(windows, alone, strict=True))
    reached, peer_reached = median(w.per_second for w in windows), median(alone)
    for used in (site, peer):
        used.remove()
    what = f"line protocol, batches of {READINGS:,}, SQLite, one worker"
    return Outcome(
        [
            Row(
                f"{what}: against the same SQL alone",
                f"{reached:,.0f} / {peer_reached:,.0f} readings/s = {ratio:.2f}×",
                "≥ 0.5×",
                ratio >= RATIO,
                at_least("line protocol to its SQL", ratio, RATIO),
            ),
            Row(
                f"{what}: acknowledged after the commit",
                f"{reached:,.0f} readings/s",
                f"≥ {PER_SECOND:,}",
                reached >= PER_SECOND,
                at_least("line protocol per second", reached, PER_SECOND),
            ),
            Row(
                "… readings found in the file, and in its minutes",
                f"{found[0]:,} and {found[1]:,} of {sent:,}",
                "all",
                found == (sent, sent),
            ),
        ],
        [table(windows, alone)],
    )


async def write_for(server: Server, site: Site, numbers: Iterator[int], seconds: float) -> Window:
    """Writes batches over `CONNECTIONS` connections; all are acknowledged when it returns."""
    connections = [await Connection.open(server) for _ in range(CONNECTIONS)]
    took: list[float] = []
    began, cpu, own = time.perf_counter(), server.cpu_ns(), time.process_time_ns()
    end = began + seconds

    async def write(connection: Connection) -> None:
        while time.perf_counter() < end:
            request = request_bytes(server, "POST", PATH, lines_of(next(numbers)), site.seeded.site_token)
            sent = time.perf_counter()
            answer = await connection.ask(request)
            if answer.status != 204:
                raise RuntimeError(f"refused: {answer}")
            took.append((time.perf_counter() - sent) * 1000)

    await asyncio.gather(*map(write, connections))
    lasted = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return Window(
        len(took) * READINGS / lasted,
        took,
        (server.cpu_ns() - cpu) / lasted / NS_PER_SECOND,
        (time.process_time_ns() - own) / lasted / NS_PER_SECOND,
    )


def storage_only(site: Site, batches: int, turn: int) -> float:
    """Readings per second of the peer, which runs meanwhile on the idle server's core."""
    metrics = json.dumps(site.seeded.metric_ids)
    return float(site.run("-m", "bench.peers.storage_only", metrics, str(batches), str(turn * batches)))


def table(windows: list[Window], alone: list[float]) -> Table:
    return Table(
        f"{READINGS:,} readings of {METRICS_IN_ALL} metrics a batch, {CONNECTIONS} connections, one line a round",
        ("readings/s", "SQL alone", "ratio", "batch p50 ms", "p99 ms", "server's core", "load's core"),
        [
            (
                f"{w.per_second:,.0f}",
                f"{a:,.0f}",
                f"{w.per_second / a:.2f}×",
                f"{percentile(w.took_ms, 50):.0f}",
                f"{percentile(w.took_ms, 99):.0f}",
                f"{w.server_share:.0%}",
                f"{w.load_share:.0%}",
            )
            for w, a in zip(windows, alone, strict=True)
        ],
        Bars(
            "round {line}",
            (
                Column("readings/s", "over HTTP", "readings/s"),
                Column("SQL alone", "the same SQL alone", "readings/s", peer=True),
            ),
        ),
    )
