"""What a recorded reading asks of Valkey: with one worker and three, for ten viewers and a thousand.

Counted by Valkey itself (`INFO commandstats`), over a stretch of readings of which each is a frame of its own. What
the workers ask while nothing is sent, their probes, is counted before and taken off.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import redis

from ..ingest import Acks, open_socket
from ..lineup import Lineup
from ..load import Crowd
from ..measures import Bars, Column, Outcome, Row, Table
from ..pace import every
from ..seed import Plan, device_name
from ..servers import HOST, Server, running
from ..site import Site

WORKERS = (1, 3)
VIEWERS, QUICK_VIEWERS = (10, 1_000), (10, 300)
READINGS, QUICK_READINGS = 200, 60
PERIOD_SECONDS = 0.05
"""Between readings, so that each is published by itself: what comes within 25 ms would go together."""
IDLE_SECONDS, QUICK_IDLE_SECONDS = 10.0, 5.0
SETTLE_SECONDS = 1.0
METRIC = "temperature"
PATH = f"/ws/two/?device={device_name(0)}"
TOLERANCE = 1.05
OURS = {"info", "pubsub|numsub"}
"""What this measurement itself asks."""


@dataclass(frozen=True)
class Asked:
    """`commands`, `bytes_out` and `cpu_us` of Valkey per reading; `idle` commands a second of all workers by name."""

    workers: int
    viewers: int
    commands: float
    subscribers: int
    bytes_out: float
    cpu_us: float
    idle: dict[str, float]


class Meter:
    """What Valkey has done so far."""

    def __init__(self, valkey: Server) -> None:
        self._valkey = valkey
        self._client = redis.Redis(HOST, valkey.port)

    def read(self) -> Counter[str]:
        """Calls by command, and under `bytes` and `cpu_ns` what went out and what it cost."""
        stats: dict[str, Any] = self._client.info("commandstats")
        found = Counter({name.removeprefix("cmdstat_"): int(said["calls"]) for name, said in stats.items()})
        for name in OURS:
            found.pop(name, None)
        found["bytes"] = int(self._client.info("stats")["total_net_output_bytes"])
        found["cpu_ns"] = self._valkey.cpu_ns()
        return found

    async def over(self, work: Awaitable[None]) -> Counter[str]:
        """What is done during `work`."""
        before = self.read()
        await work
        after = self.read()
        after.subtract(before)
        return after

    def close(self) -> None:
        self._client.close()

    def subscribers(self) -> int:
        """Processes that get what is published to the group of readings."""
        [(_, count)] = self._client.pubsub_numsub("asgi__group__two")
        return int(count)


async def run(lineup: Lineup, quick: bool) -> Outcome:
    viewers = QUICK_VIEWERS if quick else VIEWERS
    site = lineup.site("redis", Plan(1, (METRIC,)))
    found = {(w, v): await ask(lineup, site, w, v, quick) for w in WORKERS for v in viewers}
    site.remove()
    few, many = viewers
    by_viewers = max(found[w, many].commands / found[w, few].commands for w in WORKERS)
    one, three = found[1, many], found[3, many]
    return Outcome(
        [
            Row(
                f"commands at Valkey per reading, {few} → {many:,} viewers",
                ", ".join(
                    f"{w} worker{'s' if w > 1 else ''}: {found[w, few].commands:.2f} → {found[w, many].commands:.2f}"
                    for w in WORKERS
                ),
                "the same within 5 %",
                by_viewers <= TOLERANCE,
            ),
            Row(
                "… processes subscribed to the readings, 1 → 3 workers",
                f"{one.subscribers} → {three.subscribers}",
                "one a worker",
                all(asked.subscribers == asked.workers for asked in found.values()),
            ),
        ],
        [table(list(found.values()), READINGS if not quick else QUICK_READINGS)],
    )


async def ask(lineup: Lineup, site: Site, workers: int, viewers: int, quick: bool) -> Asked:
    """The first of `workers` records; each has its share of `viewers`."""
    readings, idle_seconds = (QUICK_READINGS, QUICK_IDLE_SECONDS) if quick else (READINGS, IDLE_SECONDS)
    with ExitStack() as stack:
        valkey = stack.enter_context(running(lineup.valkey()))
        servers = [stack.enter_context(running(lineup.of_site(site, valkey=valkey))) for _ in range(workers)]
        crowds = [Crowd(server, PATH) for server in servers]
        for number, crowd in enumerate(crowds):
            await crowd.open(viewers // workers + (number < viewers % workers))
        acks = Acks()
        socket = await open_socket(servers[0], acks, site.seeded.device_tokens[0])

        def send(number: int) -> None:
            socket.send_text(json.dumps({METRIC: number}))

        await every(PERIOD_SECONDS, send, readings // 10)  # for warming up
        await asyncio.sleep(SETTLE_SECONDS)
        meter = stack.enter_context(closing(Meter(valkey)))
        idle = await meter.over(asyncio.sleep(idle_seconds))
        seconds = readings * PERIOD_SECONDS
        busy = await meter.over(every(PERIOD_SECONDS, send, readings))
        subscribers = meter.subscribers()
        await asyncio.sleep(SETTLE_SECONDS)
        if acks.count != readings + readings // 10:
            raise RuntimeError(f"{acks.count} readings acknowledged, refused: {acks.errors[:1]}")
        for crowd in crowds:
            await crowd.leave()
        socket.transport.abort()
    share = seconds / idle_seconds
    busy_alone = {name: busy[name] - idle[name] * share for name in busy}
    [out, cpu_ns] = (busy_alone.pop(name) / readings for name in ("bytes", "cpu_ns"))
    rates = {name: idle[name] / idle_seconds for name in sorted(idle) if name not in ("bytes", "cpu_ns") and idle[name]}
    return Asked(workers, viewers, sum(busy_alone.values()) / readings, subscribers, out, cpu_ns / 1000, rates)


def table(found: list[Asked], readings: int) -> Table:
    return Table(
        f"{readings} readings, each a frame: what Valkey had to do, the workers' probes taken off",
        ("workers", "viewers", "commands a reading", "subscribers", "bytes out", "µs CPU", "probes, commands/s"),
        [
            (
                str(a.workers),
                f"{a.viewers:,}",
                f"{a.commands:.2f}",
                str(a.subscribers),
                f"{a.bytes_out:,.0f}",
                f"{a.cpu_us:.0f}",
                ", ".join(f"{name} {rate:.1f}" for name, rate in a.idle.items()),
            )
            for a in found
        ],
        Bars(
            "workers {workers}, viewers {viewers}",
            (
                Column("commands a reading", "commands a reading"),
                Column("subscribers", "subscribers"),
                Column("µs CPU", "CPU a reading", "µs"),
            ),
        ),
    )
