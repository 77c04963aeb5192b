"""A message to a room of 1,000 people beside a reading to 1,000 viewers, in turn, on one server with all 2,000.

A message is timed from its sending, so its commit is in it. A reading is timed from its acknowledgement, which the
server sends between commit and publishing, so that no commit is in it. What a message's transaction takes by itself
is measured after each round in a process of its own, on the same core and the same file.
"""

import asyncio
import json
import sqlite3
import time
from array import array
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from statistics import median

from ..client import Viewer
from ..ingest import Acks, IngestSocket, open_socket
from ..lineup import Lineup
from ..load import Crowd
from ..measures import Bars, Column, Outcome, Row, Table, at_most, percentile
from ..people import message, path_of
from ..seed import Plan, device_name
from ..servers import Server, running
from ..site import Site

PEOPLE, QUICK_PEOPLE = 1_000, 300
ROUNDS, QUICK_ROUNDS = 5, 2
EACH = 8
"""Messages, and readings, in a round."""
GAP_SECONDS = 0.25
"""From a message to a reading, and from that to the next message: nothing overlaps."""
SETTLE_SECONDS = 1.0
ALONE = 40
"""Transactions of the peer after each round."""
METRIC = "temperature"
ROOM_PATH, READINGS_PATH = path_of("bench"), f"/ws/two/?device={device_name(0)}"
RATIO = 1.5


class Room(Crowd):
    """Looks into the file, past the server, as soon as the first copy of a message comes."""

    def __init__(self, server: Server, database: sqlite3.Connection) -> None:
        super().__init__(server, ROOM_PATH, Member)
        self.database = database
        self.looked = self.found = 0

    def look(self, number: int) -> None:
        self.looked += 1
        [stored] = self.database.execute(
            "SELECT COUNT(*) FROM threechat_message AS message JOIN threechat_room AS room ON room.id = room_id "
            "WHERE room.name = 'bench' AND number = ?",
            [number],
        ).fetchone()
        self.found += stored


class Member(Viewer):
    """Remembers messages, not who is here."""

    def __init__(self, room: Room, request: bytes) -> None:
        super().__init__(room, request)
        self.room = room

    def on_text(self, payload: bytes) -> bool:
        frame = json.loads(payload)
        if frame["type"] == "text":
            self.room.look(frame["id"])
        return bool(frame["type"] == "text")


@dataclass
class Round:
    """Milliseconds until each copy of each message and of each reading, and of each transaction alone."""

    messages: list[list[float]]
    readings: list[list[float]]
    readings_from_sending: list[list[float]]
    commits: list[float] = field(default_factory=list)

    @property
    def message_p99(self) -> float:
        return typical_p99(self.messages)

    @property
    def reading_p99(self) -> float:
        return typical_p99(self.readings)

    @property
    def commit(self) -> float:
        return median(self.commits)

    @property
    def ratio(self) -> float:
        return (self.message_p99 - self.commit) / self.reading_p99


def typical_p99(frames: list[list[float]]) -> float:
    """The p99 over the people, of the frame in the middle: a single slow flush of the disk is not the delivery's."""
    return median(percentile(copies, 99) for copies in frames)


async def run(lineup: Lineup, quick: bool) -> Outcome:
    people, turns = (QUICK_PEOPLE, QUICK_ROUNDS) if quick else (PEOPLE, ROUNDS)
    site = lineup.site("chat-room", Plan(1, (METRIC,)))
    acks = Acks()
    rounds: list[Round] = []
    with running(lineup.of_site(site)) as server, closing(site.look_in()) as database:
        room, viewers = Room(server, database), Crowd(server, READINGS_PATH)
        await room.open(people)
        await viewers.open(people)
        socket = await open_socket(server, acks, site.seeded.device_tokens[0])
        await asyncio.sleep(SETTLE_SECONDS)
        for turn in range(1 + turns):
            found = await one_round(room, viewers, socket, acks, turn)
            found.commits = await asyncio.to_thread(storage_only, site)
            if turn:  # the first round is for warming up
                rounds.append(found)
            await asyncio.sleep(SETTLE_SECONDS)
        await room.leave()
        await viewers.leave()
        socket.transport.abort()
    site.remove()
    return Outcome(rows(rounds, room, people), [table(rounds, people)])


async def one_round(room: Room, viewers: Crowd, socket: IngestSocket, acks: Acks, turn: int) -> Round:
    """Messages and readings in turn; each is with everybody before the next is sent."""
    messages: list[float] = []
    readings: list[float] = []
    room.arrivals.clear()
    viewers.arrivals.clear()
    acks.times = array("d")
    for number in range(EACH):
        messages.append(time.time())
        room.viewers[0].send_text(message(f"{turn}-{number}"))
        await asyncio.sleep(GAP_SECONDS)
        readings.append(time.time())
        socket.send_text(json.dumps({METRIC: turn * EACH + number}))
        await asyncio.sleep(GAP_SECONDS)
    return Round(delays(messages, room), delays(acks.times, viewers), delays(readings, viewers))


def delays(began: Sequence[float], crowd: Crowd) -> list[list[float]]:
    """For each frame the milliseconds until each copy; they came in the order in which they were begun."""
    copies = crowd.arrivals.values()
    if len(began) != EACH or [len(times) for times in copies] != [len(crowd.viewers)] * EACH:
        raise RuntimeError(f"of {len(began)} frames {len(copies)} came, as often as {list(map(len, copies))}")
    return [[(at - start) * 1000 for at in times] for start, times in zip(began, copies, strict=True)]


def storage_only(site: Site) -> list[float]:
    """Milliseconds of each transaction of the peer, which runs on the idle server's core."""
    found: list[float] = json.loads(site.run("-m", "bench.peers.chat_storage_only", str(ALONE)))
    return found


def rows(rounds: list[Round], room: Room, people: int) -> list[Row]:
    ratio, commit = median(r.ratio for r in rounds), median(r.commit for r in rounds)
    message_ms, reading_ms = median(r.message_p99 for r in rounds), median(r.reading_p99 for r in rounds)
    return [
        Row(
            f"a message in a room of {people:,}: p99 of its delivery, against a reading to {people:,} viewers",
            f"({message_ms:.1f} − {commit:.1f} for one commit) / {reading_ms:.1f} ms = {ratio:.2f}×",
            f"≤ {RATIO}×",
            ratio <= RATIO,
            at_most("message to a reading", ratio, RATIO),
        ),
        Row(
            "… found in the database when its first copy came",
            f"{room.found} of {room.looked}",
            "all",
            room.found == room.looked > 0,
        ),
    ]


def table(rounds: list[Round], people: int) -> Table:
    return Table(
        f"{EACH} messages and {EACH} readings in turn to {people:,} each, one line a round, ms",
        (
            "message: first copy",
            "message p50",
            "message p99",
            "slowest copy of all",
            "reading: first copy",
            "reading p50",
            "reading p99",
            "from its sending p99",
            "one commit alone p50",
            "commit p99",
            "ratio",
        ),
        [
            (
                f"{median(map(min, r.messages)):.1f}",
                f"{median(median(copies) for copies in r.messages):.1f}",
                f"{r.message_p99:.1f}",
                f"{max(map(max, r.messages)):.1f}",
                f"{median(map(min, r.readings)):.1f}",
                f"{median(median(copies) for copies in r.readings):.1f}",
                f"{r.reading_p99:.1f}",
                f"{typical_p99(r.readings_from_sending):.1f}",
                f"{r.commit:.1f}",
                f"{percentile(r.commits, 99):.1f}",
                f"{r.ratio:.2f}×",
            )
            for r in rounds
        ],
        Bars(
            "round {line}",
            (
                Column("message p99", "p99 of a message", "ms"),
                Column("reading p99", "p99 of a reading", "ms", peer=True),
                Column("one commit alone p50", "one commit alone", "ms", peer=True),
            ),
        ),
    )
