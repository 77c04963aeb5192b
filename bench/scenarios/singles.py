"""Single readings: a POST each beside an empty view, and a frame each on sockets.

One server answers all three in turn, behind the same settings and middleware; the middle round counts.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

from two.nanoseconds import NS_PER_SECOND

from ..frames import text_frame
from ..http import Connection, request_bytes
from ..ingest import Acks, open_socket
from ..lineup import Lineup
from ..measures import Bars, Column, Outcome, Row, Table, at_least
from ..seed import Plan
from ..servers import Server, running
from ..site import Site

CONNECTIONS = 32
ROUNDS = 5
SECONDS = 4.0
UNDER_WAY = 32
"""Frames of one socket that are not acknowledged yet; the server takes 64."""
SETTLE_SECONDS = 0.3
PEERS = "bench.peers.settings"
EMPTY, READINGS = "/empty/", "/two/readings/"
BODY = '{"temperature": 21.5}'
POST_RATIO, SOCKET_RATIO = 0.7, 5.0


@dataclass(frozen=True)
class Window:
    """How many a second, µs of the server's CPU for each, and how busy the cores were."""

    per_second: float
    cpu_us: float
    server_share: float
    load_share: float


async def run(lineup: Lineup, quick: bool) -> Outcome:
    rounds, seconds = (3, 2.0) if quick else (ROUNDS, SECONDS)
    site = lineup.site("singles", Plan(devices=CONNECTIONS))
    stored = 0
    seen: dict[str, list[Window]] = {}
    with running(lineup.of_site(site, PEERS)) as server:
        ways: dict[str, Callable[[float], Awaitable[tuple[Window, int]]]] = {
            "an empty view": lambda s: posts(server, site, EMPTY, s),
            "POST, one reading": lambda s: posts(server, site, READINGS, s),
            "socket, one reading a frame": lambda s: frames(server, site, UNDER_WAY, s),
            "socket, waiting for each": lambda s: frames(server, site, 1, s),
        }
        for turn in range(rounds + 1):
            for name, measure in ways.items():
                window, answered = await measure(seconds if turn else 1.0)
                if turn:  # the first round is for warming up
                    seen.setdefault(name, []).append(window)
                if name != "an empty view":
                    stored += answered
                await asyncio.sleep(SETTLE_SECONDS)
    found = site.readings()
    site.remove()
    empty, post, socket, _ = seen.values()
    return Outcome(
        [
            against(
                f"single JSON POSTs, {CONNECTIONS} connections: against an empty view",
                "POSTs to an empty view",
                post,
                empty,
                POST_RATIO,
            ),
            against(
                f"single readings on {CONNECTIONS} ingest sockets: against those POSTs",
                "ingest sockets to POSTs",
                socket,
                post,
                SOCKET_RATIO,
            ),
            Row(
                "… readings found in the file, and in its minutes",
                f"{found[0]:,} and {found[1]:,} of {stored:,}",
                "all",
                found == (stored, stored),
            ),
        ],
        [table(seen)],
    )


def against(what: str, name: str, ours: list[Window], peer: list[Window], least: float) -> Row:
    ratio = median(a.per_second / b.per_second for a, b in zip(ours, peer, strict=True))
    rates = f"{middle(ours):,.0f} / {middle(peer):,.0f} a second"
    return Row(what, f"{rates} = {ratio:.2f}×", f"≥ {least}×", ratio >= least, at_least(name, ratio, least))


def middle(windows: list[Window]) -> float:
    return median(window.per_second for window in windows)


class Watch:
    """What a window took, from its making to `window`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.began, self.cpu, self.own = time.perf_counter(), server.cpu_ns(), time.process_time_ns()

    def window(self, count: int) -> Window:
        lasted = time.perf_counter() - self.began
        spent, own = self.server.cpu_ns() - self.cpu, time.process_time_ns() - self.own
        shares = spent / lasted / NS_PER_SECOND, own / lasted / NS_PER_SECOND
        return Window(count / lasted, spent / max(count, 1) / 1000, *shares)


def address_of(device: int) -> str:
    """Each device has an address of its own, as in life: new tokens of one address are looked up only so fast."""
    return f"127.0.1.{device + 1}"


async def posts(server: Server, site: Site, path: str, seconds: float) -> tuple[Window, int]:
    """Each connection posts for its own device when the last is answered. Also how many were answered in all."""
    connections = [await Connection.open(server, address_of(number)) for number in range(CONNECTIONS)]
    watch, answered = Watch(server), 0
    end = watch.began + seconds

    async def post(connection: Connection, token: str) -> None:
        nonlocal answered
        request = request_bytes(server, "POST", path, BODY.encode(), token)
        while time.perf_counter() < end:
            answer = await connection.ask(request)
            if answer.status != 204:
                raise RuntimeError(f"refused: {answer}")
            answered += 1

    await asyncio.gather(*map(post, connections, site.seeded.device_tokens))
    window = watch.window(answered)
    for connection in connections:
        connection.close()
    return window, answered


async def frames(server: Server, site: Site, under_way: int, seconds: float) -> tuple[Window, int]:
    """Each socket keeps `under_way` readings unanswered. Also how many were acknowledged in all."""
    acks, frame = Acks(), text_frame(BODY)
    sockets = [
        await open_socket(server, acks, token, address_of(number))
        for number, token in enumerate(site.seeded.device_tokens)
    ]
    watch = Watch(server)
    for socket in sockets:
        socket.begin(frame, under_way)
    await asyncio.sleep(seconds)
    window = watch.window(acks.count)
    for socket in sockets:
        socket.end()
    await acks.until(acks.count + under_way * len(sockets))
    for socket in sockets:
        socket.transport.abort()
    return window, acks.count


def table(seen: dict[str, list[Window]]) -> Table:
    return Table(
        f"One reading at a time over {CONNECTIONS} connections, the middle of {len(next(iter(seen.values())))} rounds",
        ("way", "a second", "µs CPU each", "server's core", "load's core"),
        [
            (
                name,
                f"{middle(windows):,.0f}",
                f"{median(w.cpu_us for w in windows):,.0f}",
                f"{median(w.server_share for w in windows):.0%}",
                f"{median(w.load_share for w in windows):.0%}",
            )
            for name, windows in seen.items()
        ],
        Bars(
            "{way}",
            (Column("a second", "answered a second"), Column("µs CPU each", "CPU each", "µs")),
            ours=("POST", "socket"),
        ),
    )
