"""People who talk, whose pages come back and are loaded again; and people who just look at pages and send a picture."""

import asyncio
import http.client
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from uuid import uuid4

from tests.chat_page import CSRF, Browser, ChatPage, eventually
from tests.forms import MULTIPART, file_form
from tests.servers import Server
from tests.soak.watchers import FILES, room
from threechat.tests.samples import picture

LINE_SECONDS = (1.0, 5.0)
CALM_SECONDS = (10.0, 60.0)
"""Until something happens to a chatter's connection."""
AWAY_SECONDS = (0.1, 4.0)
MAX_WAITING = 4
CONFIRM_SECONDS = 20.0
HISTORY_LIMIT = 200
VISIT_SECONDS = 0.25
PICTURE_SECONDS = 10.0  # an address may send one in 5 s
HTTP_SECONDS = 20.0
FIRST_SECONDS = 3.0
"""By then every device that is asked for has sent."""
EMPTY: Mapping[str, str] = {}
PATHS = (
    "/",
    "/one/",
    "/two/",
    "/two/?window=1h",
    "/two/device/http-0/",
    "/two/devices/",
    "/two/readings/?device=http-0&metric=m0&points=500&since={since}",
    "/two/readings/?device=line-0&format=csv&since={since}",
    "/two/moments/?device=boiler&since={since}&until={until}",
    "/two/alarms/",
    "/chat/",
    "/chat/?format=json",
    "/chat/room-0/",
    "/chat/room-1/messages/?after=0&limit=200",
    "/chat/room-2/messages/?limit=50",
    "/accounts/login/",
    "/livez",
    "/readyz",
)


class Chatters:
    """Each in one of the rooms, on one of the workers."""

    def __init__(self, servers: Sequence[Server], count: int) -> None:
        self._servers, self._count = servers, count
        self.pages: list[ChatPage] = []
        self._lines = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def come(self) -> None:
        for number in range(self._count):
            url = self._servers[number % len(self._servers)].url
            page = ChatPage(url, room(number // 2), await Browser.of_a_guest(url))
            page.history_limit = HISTORY_LIMIT
            self.pages.append(page)
            await page.open()
        self._tasks = [asyncio.create_task(act(page)) for page in self.pages for act in (self._talk, self._move)]

    async def fall_silent(self) -> None:
        """Returns when everything said is confirmed, and every page shows its room from the top."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for page in self.pages:
            page.go_online()
        await eventually(
            lambda: all(page.is_live and not page.outbox for page in self.pages),
            CONFIRM_SECONDS,
            lambda: str([(page.is_live, page.outbox, page.failed) for page in self.pages]),
        )

    async def leave(self) -> None:
        for page in self.pages:
            await page.close()

    @property
    def said(self) -> int:
        return self._lines

    async def _talk(self, page: ChatPage) -> None:
        while True:
            await asyncio.sleep(random.uniform(*LINE_SECONDS))
            if len(page.waiting) < MAX_WAITING:
                self._lines += 1
                await page.say(f"line {self._lines}")

    async def _move(self, page: ChatPage) -> None:
        while True:
            await asyncio.sleep(random.uniform(*CALM_SECONDS))
            page.go_offline()
            await asyncio.sleep(random.uniform(*AWAY_SECONDS))
            page.go_online()


class Passers:
    """Page requests, questions about history, a picture now and then. `answers` counts by status."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = servers
        self.answers = Counter[int]()
        self.complaints: list[str] = []
        self.pictures = self.unanswered = 0
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, now_ms: int) -> None:
        self._began_ms = now_ms
        self._tasks = [asyncio.create_task(self._look()), asyncio.create_task(self._send_pictures())]

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _look(self) -> None:
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            path = random.choice(PATHS).format(since=self._began_ms, until=self._began_ms + 3_600_000)
            await self._ask("GET", path)
            await asyncio.sleep(VISIT_SECONDS)

    async def _send_pictures(self) -> None:
        browser = await Browser.of_a_guest(self._servers[0].url)
        headers = {**browser.cookies, "X-CSRFToken": CSRF, **MULTIPART}
        while True:
            status = await self._ask("POST", f"/chat/{FILES}/media/", form(), headers, expected=201)
            self.pictures += status == 201
            await asyncio.sleep(PICTURE_SECONDS)

    async def _ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = EMPTY, expected: int = 200
    ) -> int:
        """The status; 0: nothing answered in time."""

        def ask() -> int:
            port = random.choice(self._servers).port
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=HTTP_SECONDS)) as connection:
                connection.request(method, path, body or None, headers)
                answer = connection.getresponse()
                answer.read()
                return answer.status

        try:
            status = await asyncio.to_thread(ask)
        except (OSError, http.client.HTTPException):  # the latter ends in mid-answer
            self.unanswered += 1
            return 0
        self.answers[status] += 1
        if status != expected:
            self.complaints.append(f"{method} {path}: {status}")
        return status


def form() -> bytes:
    """A picture of random size, so that no two are the same file."""
    content = picture(size=(random.randint(20, 400), random.randint(20, 400)))
    return file_form(content, "a.png", client_id=str(uuid4()))
