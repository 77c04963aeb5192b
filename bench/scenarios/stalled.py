"""A viewer of a chat room stops reading: what that costs the server and the others."""

import asyncio
import socket
import time
from dataclasses import dataclass, field

from .. import kernel
from ..chatter import PATH, Chatter
from ..frames import handshake
from ..lineup import Lineup
from ..load import Crowd
from ..measures import Outcome, Row, percentile
from ..servers import HOST, STOP_SECONDS, Server, running

VIEWERS = 50
PHASE_SECONDS = 15.0
SIGTERM_AFTER_SECONDS = 8.0
"""Long enough for a `send` to block, and before the server gives that viewer up."""
BLOCKED_SECONDS = 1.0
"""Less, and the stall proved nothing."""
GONE_SECONDS = 20.0
GROWTH_LIMIT_MB = 1.0
P99_RISE_LIMIT_MS = 20.0
RECEIVE_BUFFER_BYTES = 4096


@dataclass
class Phase:
    """Latencies (ms) of the others, and memory at the end and at its highest."""

    delays: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def p99(self) -> float:
        return percentile(self.delays, 99)


class StalledReader:
    """Joins the room, then never reads again; the kernel's buffers fill up."""

    def __init__(self, server: Server) -> None:
        host = f"{HOST}:{server.port}"
        self.server_port = server.port
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self.socket.settimeout(5)
        self.socket.connect((HOST, server.port))
        self.socket.sendall(handshake(host, PATH, [("Origin", f"http://{host}")]))
        self.socket.recv(64)
        self.port = self.socket.getsockname()[1]

    def state(self) -> tuple[str, int] | None:
        """The server's end in the kernel: TCP state and unsent bytes; None when gone."""
        return kernel.server_side(self.server_port, self.port)


async def run(lineup: Lineup, quick: bool) -> Outcome:
    seconds = PHASE_SECONDS / 3 if quick else PHASE_SECONDS
    with running(lineup.ours(PATH)) as server:
        room = Crowd(server)
        await room.open(VIEWERS)
        async with Chatter(server) as chatter:
            await phase(room, server, seconds / 2)  # caches and pools fill up
            calm = await phase(room, server, seconds)
            stalled = StalledReader(server)
            since = time.monotonic()
            watching = asyncio.create_task(until_gone(stalled))
            stall = await phase(room, server, seconds)
            ending = await watching
            others = [StalledReader(server) for _ in range(2)]
            last = asyncio.create_task(until_gone(others[0]))
            await asyncio.sleep(SIGTERM_AFTER_SECONDS)
            ended = await asyncio.to_thread(server.stop, STOP_SECONDS + 5)
            last_ending = await last
    grown = stall.peak_mb - calm.peak_mb
    rise = stall.p99 - calm.p99
    took = ending.gone - since
    room_size = f"a chat room of {VIEWERS}, {chatter.describe()}"
    return Outcome(
        [
            Row(
                f"a viewer stops reading ({room_size}): memory",
                f"{grown:+.2f} MB; its send blocked for {ending.full_seconds:.1f} s",
                f"≤ {GROWTH_LIMIT_MB} MB",
                grown <= GROWTH_LIMIT_MB and ending.full_seconds >= BLOCKED_SECONDS,
            ),
            Row(
                "… the others' p99, before and while it stalls",
                f"{calm.p99:.0f} → {stall.p99:.0f} ms ({len(calm.delays):,} and {len(stall.delays):,} frames)",
                f"rise ≤ {P99_RISE_LIMIT_MS:.0f} ms",
                rise <= P99_RISE_LIMIT_MS and len(stall.delays) > 0,
            ),
            Row(
                "… its socket is gone from the kernel",
                f"after {took:.1f} s",
                f"≤ {GONE_SECONDS:.0f} s",
                took <= GONE_SECONDS,
            ),
            Row(
                f"… SIGTERM while two stall, {last_ending.unsent / 1e6:.1f} MB unsent in the kernel each",
                f"ended after {ended:.1f} s",
                f"≤ {STOP_SECONDS:.0f} s",
                ended <= STOP_SECONDS,
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
        seen.peak_mb = max(seen.peak_mb, server.rss_bytes() / 1e6)
    for frame, times in room.arrivals.items():
        sent = Chatter.sent_at(frame)
        seen.delays += [(t - sent) * 1000 for t in times if sent]
    return seen


@dataclass
class Ending:
    """When (monotonic s) the kernel forgot a connection, and how full its send queue got."""

    gone: float = 0.0
    unsent: int = 0
    full_seconds: float = 0.0


async def until_gone(stalled: StalledReader) -> Ending:
    """Watch the server's end until it is gone, at most twice the limit.

    `full_seconds`: how long the queue took nothing more while the room talked on, so that `send` blocked.
    """
    ending, grew = Ending(), time.monotonic()
    give_up = grew + 2 * GONE_SECONDS
    while (state := stalled.state()) is not None and time.monotonic() < give_up:
        if state[1] > ending.unsent:
            ending.unsent, grew = state[1], time.monotonic()
        ending.full_seconds = time.monotonic() - grew
        await asyncio.sleep(0.25)
    ending.gone = time.monotonic()
    return ending
