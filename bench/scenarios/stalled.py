"""A viewer of a chat room stops reading: what that costs the server and the others."""

import asyncio
import time
from contextlib import closing
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Phase:
    """How late (ms) each frame came to each of the others, and the server's highest memory."""

    delays: list[float]
    peak_mb: float


async def run(lineup: Lineup, quick: bool) -> Outcome:
    phases = 1 if quick else PHASES
    calm: list[float] = []
    stall: list[float] = []
    endings = []
    grown = 0.0
    with running(lineup.ours(PATH)) as server:
        room = Crowd(server)
        await room.open(VIEWERS)
        async with Chatter(server) as chatter:
            await phase(room, server, PHASE_SECONDS / 2)  # caches and pools fill up
            for _ in range(phases):
                before = await phase(room, server, PHASE_SECONDS)
                with closing(StalledReader(server)) as stalled:
                    watching = asyncio.create_task(until_gone(stalled))
                    during = await phase(room, server, PHASE_SECONDS)
                    endings.append(await watching)
                calm += before.delays
                stall += during.delays
                grown = max(grown, during.peak_mb - before.peak_mb)
            with closing(StalledReader(server)) as one, closing(StalledReader(server)):
                last = asyncio.create_task(until_gone(one))
                await asyncio.sleep(SIGTERM_AFTER_SECONDS)
                ended = await asyncio.to_thread(server.stop, STOP_SECONDS + 5)
                last_ending = await last
        await room.leave()
    calm_p99, stall_p99 = percentile(calm, 99), percentile(stall, 99)
    rise = stall_p99 - calm_p99
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
                f"{calm_p99:.0f} → {stall_p99:.0f} ms ({len(calm):,} and {len(stall):,} frames)",
                f"rise ≤ {P99_RISE_LIMIT_MS:.0f} ms",
                rise <= P99_RISE_LIMIT_MS and len(stall) > 0,
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
    peak_mb = 0.0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        await asyncio.sleep(0.25)
        kernel.server_side(server.port, 0)  # looking has its price, in calm as well
        peak_mb = max(peak_mb, server.rss_bytes() / 1e6)
    sent = ((Chatter.sent_at(frame), times) for frame, times in room.arrivals.items())
    return Phase([(at - sent_at) * 1000 for sent_at, times in sent if sent_at for at in times], peak_mb)
