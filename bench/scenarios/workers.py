"""Two workers beside one: what a delivery costs each of them.

Readings are recorded by a process without viewers and reach the workers through Valkey, as they do on many hosts.
In each round each worker has its viewers once alone and once while the other has as many; the same worker's costs
are divided, so that how its memory happens to lie does not count.
"""

import asyncio
import json
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from ..ingest import Acks, IngestSocket, open_socket
from ..lineup import Lineup
from ..load import Crowd
from ..measures import Bars, Column, Outcome, Row, Table, at_most
from ..pace import every
from ..seed import Plan, device_name
from ..servers import Server, running

VIEWERS, QUICK_VIEWERS = 1_000, 300
ROUNDS, QUICK_ROUNDS = 4, 1
READINGS, QUICK_READINGS = 60, 30
"""In a window, one a frame."""
PERIOD_SECONDS = 0.1
SETTLE_SECONDS = 1.0
METRIC = "temperature"
PATH = f"/ws/two/?device={device_name(0)}"
RATIO = 1.10


@dataclass(frozen=True)
class Round:
    """µs of CPU per delivery of each of the two workers."""

    alone: tuple[float, float]
    both: tuple[float, float]

    @property
    def ratios(self) -> tuple[float, float]:
        return self.both[0] / self.alone[0], self.both[1] / self.alone[1]


class Feed:
    """A device that sends to the process that only records."""

    def __init__(self, socket: IngestSocket) -> None:
        self.socket = socket
        self.sent = 0

    def send(self, _: int) -> None:
        self.sent += 1
        self.socket.send_text(json.dumps({METRIC: self.sent}))


async def run(lineup: Lineup, quick: bool) -> Outcome:
    viewers, readings = (QUICK_VIEWERS, QUICK_READINGS) if quick else (VIEWERS, READINGS)
    site = lineup.site("workers", Plan(1, (METRIC,)))
    rounds = []
    with ExitStack() as stack:
        valkey = stack.enter_context(running(lineup.valkey()))
        recorder, first, second = (stack.enter_context(running(lineup.of_site(site, valkey=valkey))) for _ in range(3))
        feed = Feed(await open_socket(recorder, Acks(), site.seeded.device_tokens[0]))
        await window(feed, [first, second], viewers, readings)  # for warming up
        for _ in range(QUICK_ROUNDS if quick else ROUNDS):
            [alone_first] = await window(feed, [first], viewers, readings)
            both_first, both_second = await window(feed, [first, second], viewers, readings)
            [alone_second] = await window(feed, [second], viewers, readings)
            rounds.append(Round((alone_first, alone_second), (both_first, both_second)))
        feed.socket.transport.abort()
    site.remove()
    alone, both = median(us for r in rounds for us in r.alone), median(us for r in rounds for us in r.both)
    ratio = median(ratio for r in rounds for ratio in r.ratios)
    worse = max(median(ratios) for ratios in zip(*(r.ratios for r in rounds), strict=True))
    return Outcome(
        [
            Row(
                f"two workers of {viewers:,} viewers each, through Valkey: CPU per delivery of each against one alone",
                f"{both:.1f} / {alone:.1f} µs = {ratio:.2f}×; the worse of the two {worse:.2f}×",
                f"≤ {RATIO:.2f}×",
                ratio <= RATIO,
                at_most("CPU, of two workers to one", ratio, RATIO),
            )
        ],
        [table(rounds, viewers, readings)],
    )


async def window(feed: Feed, servers: list[Server], viewers: int, readings: int) -> list[float]:
    """µs of CPU per delivery of each of `servers`, each with `viewers`.

    Raises:
        RuntimeError: a frame did not come to everybody.
    """
    crowds = [Crowd(server, PATH) for server in servers]
    for crowd in crowds:
        await crowd.open(viewers)
    await asyncio.sleep(SETTLE_SECONDS)
    for crowd in crowds:
        crowd.arrivals.clear()
    before = [server.cpu_ns() for server in servers]
    await every(PERIOD_SECONDS, feed.send, readings)
    await asyncio.sleep(SETTLE_SECONDS)
    spent = [(server.cpu_ns() - ns) / 1000 for server, ns in zip(servers, before, strict=True)]
    frames = [len(crowd.arrivals) for crowd in crowds]  # fewer than readings where two were recorded at once
    for crowd in crowds:
        if any(len(times) != viewers for times in crowd.arrivals.values()) or not crowd.arrivals:
            raise RuntimeError(f"frames came {list(map(len, crowd.arrivals.values()))} times")
        await crowd.leave()
    return [us / (viewers * count) for us, count in zip(spent, frames, strict=True)]


def table(rounds: list[Round], viewers: int, readings: int) -> Table:
    return Table(
        f"One worker or two, {viewers:,} viewers each, {readings} readings a window, µs CPU per delivery",
        ("A alone", "B alone", "A beside B", "B beside A", "ratio of A", "of B"),
        [(*(f"{us:.1f}" for us in (*r.alone, *r.both)), *(f"{ratio:.2f}×" for ratio in r.ratios)) for r in rounds],
        Bars(
            "round {line}",
            (
                Column("A alone", "A alone", "µs", peer=True),
                Column("A beside B", "A beside B", "µs"),
                Column("B alone", "B alone", "µs", peer=True),
                Column("B beside A", "B beside A", "µs"),
            ),
        ),
    )
