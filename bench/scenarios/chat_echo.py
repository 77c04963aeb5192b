"""50 people in 10 rooms, each sending once a second: how long until their own message is back, stored.

Ours and the tutorials' chats take turns on one core, each server with a database of its own. The moments of a second
at which people send are random, and the same for all. At the end ours again while readings are recorded beside.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ..ingest import Acks, open_socket
from ..lineup import Lineup
from ..measures import Bars, Column, Outcome, Row, Table, at_most, percentile
from ..pace import every
from ..people import Person, open_people, path_of
from ..seed import Plan
from ..servers import Server, running
from ..site import Site

ROOMS = 10
PEOPLE_OF_ROOM = 5
PEOPLE = ROOMS * PEOPLE_OF_ROOM
ROUNDS, QUICK_ROUNDS = 3, 1
SECONDS, PEER_SECONDS = 7, 3
WARM_UP_SECONDS = 1
SETTLE_SECONDS = 0.5
READINGS_PER_SECOND = 1_000
METRIC = "temperature"
P95_LIMIT_MS = 30
OURS, NAIVE, FORGETS = "ours", "one row, `database_sync_to_async`", "stores nothing"
BUSY = f"ours, while {READINGS_PER_SECOND:,} readings/s are recorded"


@dataclass
class Echoes:
    """Milliseconds of each echo, how many were sent, and µs of the server's CPU for each."""

    ms: list[float] = field(default_factory=list)
    sent: int = 0
    cpu_us: list[float] = field(default_factory=list)


async def run(lineup: Lineup, quick: bool) -> Outcome:
    site, peers_site = lineup.site("echo", Plan(1, (METRIC,))), lineup.site("echo-peers", Plan(0))
    seen = {name: Echoes() for name in (OURS, NAIVE, FORGETS, BUSY)}
    with running(lineup.of_site(site)) as ours, running(lineup.chat_peers(peers_site)) as peers:
        people = {
            OURS: (ours, await fill(ours, path_of("bench-{room}"))),
            NAIVE: (peers, await fill(peers, "/ws/stores/bench{room}/")),
            FORGETS: (peers, await fill(peers, "/ws/forgets/bench{room}/")),
        }
        for turn in range(1 + (QUICK_ROUNDS if quick else ROUNDS)):
            for name, (server, talkers) in people.items():
                seconds = SECONDS if name == OURS else PEER_SECONDS
                # The first round is for warming up.
                await talk(
                    server, talkers, seconds if turn else WARM_UP_SECONDS, turn, seen[name] if turn else Echoes()
                )
        async with recording(ours, site):
            await talk(*people[OURS], SECONDS, 0, seen[BUSY])
    site.remove()
    peers_site.remove()
    return Outcome(rows(seen[OURS]), [table(seen)])


async def fill(server: Server, path: str) -> list[Person]:
    """Everybody, room by room."""
    return [
        person for room in range(ROOMS) for person in await open_people(server, path.format(room=room), PEOPLE_OF_ROOM)
    ]


async def talk(server: Server, people: list[Person], seconds: int, turn: int, echoes: Echoes) -> None:
    """Everybody sends once in each of `seconds`; adds what came of it to `echoes`."""
    moments = random.Random(turn)
    plan = sorted(
        (second + moments.random(), number, f"{turn}-{number}-{second}")
        for second in range(seconds)
        for number in range(len(people))
    )
    for person in people:
        person.sent.clear()
        person.echoed.clear()
    loop = asyncio.get_running_loop()
    began, cpu = loop.time(), server.cpu_ns()
    for at, number, client_id in plan:
        await asyncio.sleep(began + at - loop.time())
        people[number].say(client_id)
    await asyncio.sleep(SETTLE_SECONDS)
    echoes.cpu_us.append((server.cpu_ns() - cpu) / 1000 / len(plan))
    echoes.ms += [ms for person in people for ms in person.echoes_ms()]
    echoes.sent += len(plan)


@asynccontextmanager
async def recording(server: Server, site: Site) -> AsyncIterator[None]:
    """Readings on an ingest socket, one a frame."""
    acks = Acks()
    socket = await open_socket(server, acks, site.seeded.device_tokens[0])

    def send(number: int) -> None:
        socket.send_text(json.dumps({METRIC: number}))

    sending = asyncio.create_task(every(1 / READINGS_PER_SECOND, send))
    try:
        await asyncio.sleep(SETTLE_SECONDS)
        yield
    finally:
        sending.cancel()
        socket.transport.abort()
    if acks.errors or not acks.count:
        raise RuntimeError(f"{acks.count} readings recorded, refused: {acks.errors[:1]}")


def rows(ours: Echoes) -> list[Row]:
    p95 = percentile(ours.ms, 95)
    what = f"{PEOPLE} people in {ROOMS} rooms, each sending 1/s, SQLite, one worker"
    return [
        Row(
            f"{what}: sent until the own echo, stored",
            f"p95 {p95:.1f} ms (p50 {percentile(ours.ms, 50):.1f}, p99 {percentile(ours.ms, 99):.1f})",
            f"p95 ≤ {P95_LIMIT_MS} ms",
            p95 <= P95_LIMIT_MS and len(ours.ms) == ours.sent,
            at_most("message until its echo", p95, P95_LIMIT_MS),
        )
    ]


def table(seen: dict[str, Echoes]) -> Table:
    return Table(
        f"From sending to the own echo, {PEOPLE} people in {ROOMS} rooms",
        ("chat", "p50 ms", "p95 ms", "p99 ms", "µs CPU per message", "echoed"),
        [
            (
                name,
                *(f"{percentile(echoes.ms, percent):.1f}" for percent in (50, 95, 99)),
                f"{sum(echoes.cpu_us) / len(echoes.cpu_us):,.0f}",
                f"{len(echoes.ms):,} of {echoes.sent:,}",
            )
            for name, echoes in seen.items()
        ],
        Bars(
            "{chat}",
            (
                Column("p50 ms", "p50", "ms"),
                Column("p95 ms", "p95", "ms"),
                Column("µs CPU per message", "CPU per message", "µs"),
            ),
            ours=("ours",),
        ),
    )
