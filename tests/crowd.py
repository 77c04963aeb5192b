"""People who talk in a room of a really started site, and what must hold whatever happened meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from tests.chat_page import Browser, ChatPage, eventually
from tests.chat_workers import STAFF, ChatWorkers
from tests.servers import HEAL_SECONDS

PEOPLE = 6
LINE_SECONDS = 0.12  # a person may send 10 a second
MAX_WAITING = 4
BURST_LINES = 3


class Crowd:
    """People who talk in a room of their own without end, spread over a site's workers."""

    def __init__(self, site: ChatWorkers) -> None:
        self.site = site
        self.room = f"room-{uuid4().hex}"
        self.pages: list[ChatPage] = []
        self._lines = 0
        self._talking: list[asyncio.Task[None]] = []

    async def come(self, people: int) -> None:
        for number in range(people):
            url = self.site.url(number)
            page = ChatPage(url, self.room, await Browser.of_a_guest(url))
            self.pages.append(page)
            await page.open()
        await eventually(lambda: all(page.is_live for page in self.pages), HEAL_SECONDS, lambda: "not connected")

    async def leave(self) -> None:
        await self.fall_silent()
        for page in self.pages:
            await page.close()

    def talk(self) -> None:
        self._talking = [asyncio.create_task(self._talk(page)) for page in self.pages]

    async def fall_silent(self) -> None:
        for task in self._talking:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._talking = []

    async def _talk(self, page: ChatPage) -> None:
        while True:
            if page.is_live and len(page.waiting) < MAX_WAITING:
                await page.say(self.new_line())
            await asyncio.sleep(LINE_SECONDS)

    def new_line(self) -> str:
        self._lines += 1
        return f"line {self._lines}"

    async def burst(self) -> None:
        """All at once."""
        pages = [page for page in self.pages if page.is_live]
        await asyncio.gather(*(page.say(*[self.new_line() for _ in range(BURST_LINES)]) for page in pages))

    def echoes(self, worker: int) -> int:
        """How much was acknowledged on a worker."""
        return sum(len(page.acknowledged) for page in self.pages if page.url == self.site.url(worker))

    def waiting(self, worker: int) -> int:
        return sum(len(page.waiting) for page in self.pages if page.url == self.site.url(worker))

    async def until_echoes(self, worker: int, count: int) -> None:
        enough = self.echoes(worker) + count
        await eventually(
            lambda: self.echoes(worker) >= enough, HEAL_SECONDS, lambda: f"{self.echoes(worker)} of {enough} echoes"
        )

    async def until_confirmed(self) -> None:
        await eventually(
            lambda: not any(page.outbox for page in self.pages),
            HEAL_SECONDS,
            lambda: str([(page.is_live, page.outbox, page.failed) for page in self.pages]),
        )

    async def delete_one(self) -> None:
        url = f"{self.site.url(0)}/chat/{self.room}/messages/{self.pages[0].have}/"
        status, _ = await self.site.browser(STAFF).request("DELETE", url)
        assert status == 204

    async def assert_nothing_lost_or_doubled(self) -> None:
        """In the database, and on every page of itself: nobody asks it to look again."""
        assert self.pages[0].number
        stored = self.site.room(self.pages[0].number)
        stored.assert_sound([text for page in self.pages for text in page.said.values()])
        for page in self.pages:
            stored.assert_holds(page)
        assert len(stored.events) == self._lines
        for page in self.pages:
            await page.settle(stored.last_id, HEAL_SECONDS)
            stored.assert_shown_by(page)


@asynccontextmanager
async def crowd_at(site: ChatWorkers, people: int = PEOPLE) -> AsyncIterator[Crowd]:
    crowd = Crowd(site)
    try:
        await crowd.come(people)
        yield crowd
    finally:
        await crowd.leave()
