"""Two workers behind one address are replaced one after the other while 1,000 pages watch and talk.

As `make serve WORKERS=2` does on SIGHUP: a new worker is ready before an old one is asked to end. Pages come back
by the rules of our own (bench/pages.py) and fetch what they lack; whether anything is missing is asked afterwards.
Workers have all cores, which they share with the load: on one core, one of them would do as much as two.
"""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from statistics import median

from .. import kernel
from ..lineup import Lineup
from ..measures import Bars, Column, Outcome, Row, Table, at_most, percentile
from ..pace import every
from ..pages import Outage, Page, ReadingsPage
from ..resenders import Sender, Talker
from ..seed import Plan, device_name
from ..servers import Server, running
from ..site import SqliteSite

PAGES, QUICK_PAGES = 1_000, 300
ROOM_SHARE = 5
"""Every fifth page is a chat room's."""
ROOMS = 4
WORKERS = 2
READINGS_PER_SECOND = 10
MESSAGES_PER_SECOND = 4
OPEN_AT_ONCE = 50
BEFORE_SECONDS = 3.0
RESTART_SECONDS = 90.0
"""At most, from SIGHUP until both workers are new and everybody is back."""
AFTER_SECONDS = 5.0
"""Then nothing may be missing any more."""
BACK_SECONDS = 10.0
LOOK_SECONDS = 0.02
ENDED_SECONDS = 0.3
"""From the last word of a worker until it is seen to have ended, at most."""
METRIC = "temperature"


@dataclass(frozen=True)
class Restart:
    """What the end of one worker meant for those who were with it: their outages."""

    outages: list[Outage]

    @property
    def began(self) -> float:
        """When the first was closed, Unix s: within 0.1 s of SIGTERM."""
        return min(outage.closed_at for outage in self.outages)

    @property
    def drained(self) -> float:
        """Seconds until the last was closed."""
        return max(outage.closed_at for outage in self.outages) - self.began

    @property
    def back(self) -> list[float]:
        """Seconds from the beginning until each was back."""
        return [outage.opened_at - self.began for outage in self.outages]


async def run(lineup: Lineup, quick: bool) -> Outcome:
    count = QUICK_PAGES if quick else PAGES
    site = lineup.site("restart", Plan(1, (METRIC,)))
    with ExitStack() as stack:
        valkey = stack.enter_context(running(lineup.valkey()))
        both = lineup.of_site(site, valkey=valkey, workers=WORKERS)
        both.cores = kernel.CORES
        server = stack.enter_context(running(both))
        since_ms = int(time.time() * 1000)
        readers = [ReadingsPage(lambda: server, device_name(0), since_ms) for _ in range(count - count // ROOM_SHARE)]
        talkers = [Talker(lambda: server, f"room-{n % ROOMS}", f"guest-{n}") for n in range(count // ROOM_SHARE)]
        pages: list[Page] = [*readers, *talkers]
        sender = Sender(lambda: server, site.seeded.device_tokens[0], METRIC)
        await open_all(pages)
        talking = asyncio.create_task(talk(sender, talkers))
        await asyncio.sleep(BEFORE_SECONDS)
        took, ended = await restart(server, pages)
        await asyncio.sleep(BEFORE_SECONDS)
        talking.cancel()
        await sender.until_acknowledged()
        await asyncio.sleep(AFTER_SECONDS)
        result = outcome(site, readers, talkers, sender, took, restarts(pages, ended))
        await asyncio.gather(*(page.close() for page in pages))
    site.remove()
    return result


async def open_all(pages: Sequence[Page]) -> None:
    """Returns once all are open and have fetched what is there."""
    turns = iter(pages)

    async def opener() -> None:
        for page in turns:
            await page.open()

    await asyncio.gather(*(opener() for _ in range(OPEN_AT_ONCE)))
    await asyncio.gather(*(page.filled.wait() for page in pages))


async def talk(sender: Sender, talkers: Sequence[Talker]) -> None:
    """Readings and messages until it is cancelled; the first of each room says something, in turn."""

    def say(number: int) -> None:
        talkers[number % ROOMS].say(f"message-{number}")

    await asyncio.gather(every(1 / READINGS_PER_SECOND, sender.send), every(1 / MESSAGES_PER_SECOND, say))


async def restart(server: Server, pages: Sequence[Page]) -> tuple[float, list[float]]:
    """Seconds from SIGHUP until everybody is back, and when (Unix s) each of the old workers had ended.

    Raises:
        TimeoutError: it took too long.
    """
    old = set(kernel.family(server.pid)) - {server.pid}
    ended: list[float] = []
    began = time.time()
    os.kill(server.pid, signal.SIGHUP)
    async with asyncio.timeout(RESTART_SECONDS):
        while len(ended) < WORKERS or not all(page.opened.is_set() for page in pages):
            await asyncio.sleep(LOOK_SECONDS)
            gone = old - set(kernel.family(server.pid))
            ended += [time.time()] * len(gone)
            old -= gone
    return time.time() - began, ended


def restarts(pages: Sequence[Page], ended: Sequence[float]) -> list[Restart]:
    """The outages of all pages, by the worker that ended."""
    found = sorted((outage for page in pages for outage in page.outages), key=lambda outage: outage.closed_at)
    limits = [at + ENDED_SECONDS for at in ended]
    groups = [
        [o for o in found if low < o.closed_at <= high] for low, high in zip([0.0, *limits], limits, strict=False)
    ]
    if sum(map(len, groups)) != len(found) or not all(groups):
        raise RuntimeError(f"{len(found)} connections were lost, of which {list(map(len, groups))} with a worker")
    return [Restart(group) for group in groups]


def outcome(
    site: SqliteSite,
    readers: Sequence[ReadingsPage],
    talkers: Sequence[Talker],
    sender: Sender,
    took: float,
    found: Sequence[Restart],
) -> Outcome:
    with closing(site.look_in()) as database:
        rooms = dict(database.execute("SELECT name, last_id FROM threechat_room"))
        stored = {client_id for [client_id] in database.execute("SELECT client_id FROM threechat_message")}
    said = {client_id for talker in talkers for client_id in (*talker.acknowledged, *talker.unconfirmed)}
    without_readings = sum(reader.seen != set(range(sender.sent)) for reader in readers)
    without_messages = sum(
        talker.ids != set(range(1, rooms[f"room-{n % ROOMS}"] + 1)) for n, talker in enumerate(talkers)
    )
    unsaid = len(said - stored) + sum(len(talker.unconfirmed) for talker in talkers)
    worst = max(max(r.back) for r in found)
    count = len(readers) + len(talkers)
    return Outcome(
        [
            Row(
                f"rolling restart of two workers under {count:,} pages: from each one's first close until all are back",
                " and ".join(f"{max(r.back):.1f} s" for r in found) + f"; from SIGHUP {took:.1f} s",
                f"≤ {BACK_SECONDS:.0f} s",
                worst <= BACK_SECONDS,
                at_most("restart until all are back", worst, BACK_SECONDS),
            ),
            Row(
                f"… pages that lack a reading or a message {AFTER_SECONDS:.0f} s later",
                f"{without_readings} of {len(readers)} and {without_messages} of {len(talkers)} "
                f"({sender.sent} readings, {sum(rooms.values())} messages)",
                "0",
                not without_readings and not without_messages,
            ),
            Row(
                "… readings and messages lost or never acknowledged, stored more than once",
                f"{sender.sent - sender.acknowledged + unsaid}, {sum(rooms.values()) - len(stored)}",
                "0, 0",
                sender.sent == sender.acknowledged == site.readings()[0]
                and not unsaid
                and sum(rooms.values()) == len(stored) == len(said),
            ),
        ],
        [
            Table(
                f"{count:,} pages, two workers on {len(kernel.CORES)} cores replaced in turn; "
                f"{sender.tries - sender.sent} posts were tried again",
                ("worker", "pages on it", "closed with", "closed within s", "back p50 s", "p99", "last", "tries, most"),
                [line(number, r) for number, r in enumerate(found, 1)],
                Bars(
                    "worker {worker}",
                    (
                        Column("back p50 s", "back, p50", "s"),
                        Column("p99", "back, p99", "s"),
                        Column("last", "the last is back", "s"),
                    ),
                ),
            )
        ],
    )


def line(number: int, restart: Restart) -> tuple[str, ...]:
    codes = Counter(outage.code for outage in restart.outages)
    return (
        str(number),
        f"{len(restart.outages):,}",
        ", ".join(f"{code}: {times:,}" for code, times in codes.most_common()),
        f"{restart.drained:.1f}",
        f"{median(restart.back):.1f}",
        f"{percentile(restart.back, 99):.1f}",
        f"{max(restart.back):.1f}",
        str(max(outage.tries for outage in restart.outages)),
    )
