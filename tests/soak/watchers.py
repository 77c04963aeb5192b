"""People who look: pages of every kind that come and go on whichever worker, and now and then half of them at once."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from itertools import count

from bench.pages import Page, RoomPage
from tests.servers import Server

LIFE_SECONDS = (5.0, 40.0)
BURST_SECONDS = (20.0, 60.0)
FIRST_BURST_SECONDS = 3.0
BURST_SHARE = 0.5
OPEN_AT_ONCE = 25
ROOMS = 5
FILES = "files"
NEW_ROOM = "/ws/chat/new-{number}/?events=all"
"""One that nobody was in before, at each connection."""
PATHS = (
    "/ws/one/",
    "/ws/two/",
    "/ws/two/?device=*&events=all",
    "/ws/two/?device=*&events=all",
    "/ws/two/?device=http-0&device=random",
    "/ws/chat/",
    NEW_ROOM,
)
ROOM_SHARE = 3
"""Every third is in a room."""


def room(number: int) -> str:
    return f"room-{number % ROOMS}"


class Watcher(Page):
    """A page that only looks; counts what comes."""

    numbers = count()

    def __init__(self, servers: Sequence[Server], kind: str) -> None:
        super().__init__(lambda: random.choice(servers))
        self.kind = kind
        self.frames = 0

    @property
    def path(self) -> str:  # type: ignore[override]
        return self.kind.format(number=next(self.numbers))

    def take(self, frame: object) -> None:
        self.frames += 1


class Watchers:
    def __init__(self, servers: Sequence[Server], viewers: int) -> None:
        self.in_rooms = [
            RoomPage(lambda: random.choice(servers), FILES if n % (2 * ROOMS) == 0 else room(n))
            for n in range(viewers // ROOM_SHARE)
        ]
        self.others = [Watcher(servers, PATHS[n % len(PATHS)]) for n in range(viewers - len(self.in_rooms))]
        self.pages: list[Page] = [*self.in_rooms, *self.others]
        self.bursts = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def come(self) -> None:
        turns = iter(self.pages)

        async def opener() -> None:
            for page in turns:
                await page.open()

        await asyncio.gather(*(opener() for _ in range(OPEN_AT_ONCE)))
        self._tasks = [asyncio.create_task(self._move(page)) for page in self.pages]
        self._tasks.append(asyncio.create_task(self._burst()))

    async def stay(self) -> None:
        """From now on nobody goes any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def leave(self) -> None:
        await asyncio.gather(*(page.close() for page in self.pages))

    @property
    def visits(self) -> int:
        return sum(1 + len(page.outages) for page in self.pages)

    @property
    def here(self) -> float:
        """The share of pages that are open."""
        return sum(page.opened.is_set() for page in self.pages) / len(self.pages)

    def behind(self, last_ids: dict[str, int]) -> list[str]:
        """Pages of rooms that lack something, with what they have."""
        return [
            f"{page.path} has {page.have}"
            for page in self.in_rooms
            if page.have != last_ids.get(page.path.split("/")[3], 0)
        ]

    def silent(self) -> dict[str, int]:
        """Pages, by path, to which nothing came."""
        return Counter(page.kind for page in self.others if not page.frames)

    async def _move(self, page: Page) -> None:
        """A socket lives a random while, and ends with a word or without."""
        while True:
            await asyncio.sleep(random.uniform(*LIFE_SECONDS))
            random.choice((page.tear, page.say_goodbye))()

    async def _burst(self) -> None:
        """The first before anything is measured, for it takes memory that stays."""
        await asyncio.sleep(FIRST_BURST_SECONDS)
        while True:
            self.bursts += 1
            for page in random.sample(self.pages, int(len(self.pages) * BURST_SHARE)):
                page.tear()
            await asyncio.sleep(random.uniform(*BURST_SECONDS))
