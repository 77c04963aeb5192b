"""A viewer of a chat room stops reading: what that costs the server and the others."""

import asyncio
import time
from dataclasses import dataclass, field

from .. import kernel
from ..chatter import PATH, Chatter
from ..lineup import Lineup
from ..load import Crowd
from ..measures import Outcome, Row, at_most, percentile
from ..servers import STOP_SECONDS, Server, running
from ..stall import StalledReader, until_gone

VIEWERS = 30
PHASES = 2
"""Calm, stalled, calm, stalled: what the machine does meanwhile meets both."""
PHASE_SECONDS = 11.0
SIGTERM_AFTER_SECONDS = 8.0
"""Long enough for a `send` to block, and before the server gives that viewer up."""
BLOCKED_SECONDS = 1.0
"""Less, and the stall proved nothing."""
GONE_SECONDS = 20.0
GROWTH_LIMIT_MB = 1.0
P99_RISE_LIMIT_MS = 20.0


@dataclass
class Phase:
    """Latencies (ms) of the others, and the highest memory."""

    delays: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    def add(self, more: "Phase") -> None:
        self.delays += more.delays

    @property
    def p99(self) -> float:
        return percentile(self.delays, 99)


async def run(lineup: Lineup, quick: bool) -> Outcome:
    phases = 1 if quick else PHASES
    calm, stall, endings = Phase(), Phase(), []
    grown = 0.0
    with running(lineup.ours(PATH)) as server:
        room = Crowd(server)
        await room.open(VIEWERS)
        async with Chatter(server) as chatter:
            await phase(room, server, PHASE_SECONDS / 2)  # caches and pools fill up
            for _ in range(phases):
                calm.add(before := await phase(room, server, PHASE_SECONDS))
                stalled = StalledReader(server)
                watching = asyncio.create_task(until_gone(stalled))
                stall.add(during := await phase(room, server, PHASE_SECONDS))
                endings.append(await watching)
                grown = max(grown, during.peak_mb - before.peak_mb)
            others = [StalledReader(server) for _ in range(2)]
            last = asyncio.create_task(until_gone(others[0]))
            await asyncio.sleep(SIGTERM_AFTER_SECONDS)
            ended = await asyncio.to_thread(server.stop, STOP_SECONDS + 5)
            last_ending = await last
    rise = stall.p99 - calm.p99
    took = max(ending.seconds for ending in endings)
    blocked = min(ending.full_seconds for ending in endings)
    room_size = f"a chat room of {VIEWERS}, {chatter.describe()}"
    return Outcome(
        [
            Row(
                f"a viewer stops reading ({room_size}): memory",
                f"{grown:+.2f} MB; its send blocked for {blocked:.1f} s",
                f"≤ {GROWTH_LIMIT_MB} MB",
                grown <= GROWTH_LIMIT_MB and blocked >= BLOCKED_SECONDS,
                at_most("a stalled viewer, memory", grown, GROWTH_LIMIT_MB),
            ),
            Row(
                "… the others' p99, before and while it stalls",
                f"{calm.p99:.0f} → {stall.p99:.0f} ms ({len(calm.delays):,} and {len(stall.delays):,} frames)",
                f"rise ≤ {P99_RISE_LIMIT_MS:.0f} ms",
                rise <= P99_RISE_LIMIT_MS and len(stall.delays) > 0,
                at_most("… the others' p99, rise", rise, P99_RISE_LIMIT_MS),
            ),
            Row(
                "… its socket is gone from the kernel",
                f"after {took:.1f} s",
                f"≤ {GONE_SECONDS:.0f} s",
                took <= GONE_SECONDS,
                at_most("… its socket gone", took, GONE_SECONDS),
            ),
            Row(
                f"… SIGTERM while two stall, {last_ending.unsent / 1e6:.1f} MB unsent in the kernel each",
                f"ended after {ended:.1f} s",
                f"≤ {STOP_SECONDS:.0f} s",
                ended <= STOP_SECONDS,
                at_most("… SIGTERM", ended, STOP_SECONDS),
            ),
        ]
    )


async def phase(room: Crowd, server: Server, seconds: float) -> Phase:
    """Let the room talk for `seconds`, with the server's memory looked at often."""
    room.arrivals.clear()
    seen = Phase()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        await asyncio.sleep(0.25)
        kernel.server_side(server.port, 0)  # looking has its price, in calm as well
        seen.peak_mb = max(seen.peak_mb, server.rss_bytes() / 1e6)
    for frame, times in room.arrivals.items():
        sent = Chatter.sent_at(frame)
        seen.delays += [(t - sent) * 1000 for t in times if sent]
    return seen
