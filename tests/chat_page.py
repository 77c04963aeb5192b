"""What a browser's page of a room does, without a browser: real sockets, real HTTP, the rules of the page.

It is in more of a hurry: what waits is sent all at once, where the browser's page waits for each echo.
"""

import asyncio
import http.client
import json
import random
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import websockets

LOG_IN, NOT_A_MEMBER = 4401, 4403
CLOSED_FOR_GOOD = {LOG_IN, NOT_A_MEMBER}
HISTORY_LIMIT = 7  # so few that pages have to ask again and again
RECONNECT_SECONDS = 0.05
TOO_FAST_SECONDS = 0.5
CSRF = "c" * 32


class Away(Exception):
    """Nobody answered, or not now."""


async def eventually(condition: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Asks again and again.

    Raises:
        TimeoutError: it did not become true in time; `what` is asked only then.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what())
        await asyncio.sleep(0.01)


class Browser:
    """Somebody's cookies. Without a session: a script, which sends no Origin either."""

    def __init__(self, session: str = "") -> None:
        self.session = session

    @property
    def cookies(self) -> dict[str, str]:
        return {"Cookie": f"sessionid={self.session}; csrftoken={CSRF}"} if self.session else {}

    @classmethod
    async def of_a_guest(cls, url: str) -> "Browser":
        """That of somebody who opened a room's page without an account."""

        def session() -> str:
            with urllib.request.urlopen(f"{url}/chat/lobby/", timeout=10) as answer:
                cookies = SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie")))
            return cookies["sessionid"].value

        return cls(await asyncio.to_thread(session))

    async def request(self, method: str, url: str, body: object = None) -> tuple[int, Any]:
        """Status and decoded body (None where it is no JSON).

        Raises:
            Away: nobody answered.
        """
        return await asyncio.to_thread(self._request, method, url, body)

    def _request(self, method: str, url: str, body: object) -> tuple[int, Any]:
        headers = {**self.cookies, "X-CSRFToken": CSRF, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            try:
                answer = urllib.request.urlopen(request, timeout=10)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                return answer.status, _decoded(answer.read())
        except (OSError, http.client.HTTPException) as error:  # the latter ends in mid-answer
            raise Away(url) from error


def _decoded(body: bytes) -> Any:
    with suppress(ValueError):
        return json.loads(body)
    return None


class ChatPage:
    """One page, which keeps itself connected and complete until `close`.

    `url` is the server's; `name` is what a guest wants to be called.
    """

    history_limit = HISTORY_LIMIT

    def __init__(self, url: str, room: str, browser: Browser, name: str = "") -> None:
        self.url, self.room, self.browser, self.name = url, room, browser, name
        self.number: int | None = None  # of the room, once it is stored
        self.outbox: dict[str, str] = {}  # text by client_id, in the order in which they were said
        self.said: dict[str, str] = {}  # the same of all times
        self.failed: dict[str, str] = {}  # the error's code by client_id
        self.acknowledged: dict[str, int] = {}  # id by client_id
        self.echoes = Counter[str]()  # by client_id
        self.errors: list[tuple[str | None, str]] = []  # client_id and code
        self.complaints: list[str] = []  # what a server must never do
        self.count = 0  # of people here
        self.failures: list[str] = []  # of its connections
        self.closed: int | None = None  # with which code, where the page stays closed
        self._online, self._lacking = asyncio.Event(), asyncio.Event()
        self._socket: Any = None
        self._tasks: list[asyncio.Task[None]] = []
        self._forget_everything()

    def _forget_everything(self) -> None:
        self.messages: dict[int, Any] = {}
        self.deleted: set[int] = set()
        self.have = 0  # the number below which nothing is lacking, from `first` on
        self.first = 1  # what is older comes by scrolling
        self._seen: set[int] = set()

    # What a person does

    async def open(self) -> None:
        """Loads the page with the latest messages, then connects."""
        self.closed = None
        self._forget_everything()
        while True:
            with suppress(Away):
                status, latest = await self._history()
                break
            await asyncio.sleep(RECONNECT_SECONDS)
        if status == 200:
            events = latest["messages"]
            self.first = events[0]["id"] if latest["more"] else 1
            self.have = events[-1]["id"] if events else 0
            for frame in events:
                self._take_event(frame)
        self._online.set()
        self._tasks = [asyncio.create_task(self._stay_connected()), asyncio.create_task(self._fill())]

    async def close(self) -> None:
        self.go_offline()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def reload(self) -> None:
        """The messages on their way stay in the outbox; everything else is loaded again."""
        await self.close()
        await self.open()

    def go_offline(self) -> None:
        """Tears the connection; what is said now waits."""
        self._online.clear()
        if self._socket:
            self._socket.transport.abort()

    def go_online(self) -> None:
        self._online.set()

    @property
    def is_live(self) -> bool:
        return self._socket is not None

    async def say(self, *texts: str) -> list[str]:
        """Sends without waiting for echoes; the client_ids."""
        ids = [str(uuid4()) for _ in texts]
        self.said.update(zip(ids, texts, strict=True))
        self.outbox.update(zip(ids, texts, strict=True))
        for client_id in ids:
            await self.send(client_id)
        return ids

    async def send(self, client_id: str, text: str | None = None) -> None:
        """Sends, perhaps again; with a `text` perhaps what is somebody else's."""
        frame = {"message": text or self.said[client_id], "username": self.name, "client_id": client_id}
        await self._send(self._socket, frame)

    async def retry(self) -> None:
        """Clicks on every Retry."""
        for client_id in list(self.failed):
            del self.failed[client_id]
            await self.send(client_id)

    async def scroll_to_the_top(self) -> None:
        while self.first > 1:
            _, older = await self._history(before=self.first)
            if not older["messages"]:
                break
            self.first = older["messages"][0]["id"] if older["more"] else 1
            for frame in older["messages"]:
                self._take_event(frame)

    # What it shows

    @property
    def shown(self) -> list[Any]:
        """The messages from the top of the page to its end."""
        return [self.messages[number] for number in sorted(self.messages)]

    @property
    def waiting(self) -> list[str]:
        """The client_ids of what was said and neither confirmed nor refused."""
        return [client_id for client_id in self.outbox if client_id not in self.failed]

    async def settle(self, last_id: int, seconds: float) -> None:
        """Until the page, of itself, has what its person said confirmed and everything up to `last_id`.

        Raises:
            TimeoutError: it has not, with what is lacking.
        """

        def is_settled() -> bool:
            return self.is_live and not self.waiting and self.have >= last_id

        def what() -> str:
            return (
                f"live {self.is_live}, closed {self.closed}, have {self.have} of {last_id}, "
                f"waiting {[self.outbox[client_id] for client_id in self.waiting]}"
            )

        await eventually(is_settled, seconds, what)

    # The socket

    async def _stay_connected(self) -> None:
        while self.closed is None:
            await self._online.wait()
            try:
                async with self._connect() as socket:
                    await self._live(socket)
            except (OSError, websockets.ConnectionClosed, websockets.InvalidHandshake) as error:
                self.failures.append(repr(error))
            await asyncio.sleep(random.uniform(0, 2 * RECONNECT_SECONDS))

    def _connect(self) -> Any:
        where = f"room/{self.number}" if self.number else quote(self.room)
        return websockets.connect(
            f"ws{self.url.removeprefix('http')}/ws/chat/{where}/?events=all",
            origin=self.url if self.browser.session else None,  # type: ignore[arg-type]
            additional_headers=self.browser.cookies,
            open_timeout=10,
            max_queue=None,
        )

    async def _live(self, socket: Any) -> None:
        if not self._online.is_set():
            return
        self._socket, ids, is_first = socket, set[int](), True
        try:
            for client_id in self.waiting:
                await self.send(client_id)
            async for text in socket:
                frame = json.loads(text)
                self._expect(frame["type"] == "room" or not is_first, f"the first frame is {frame}")
                is_first = False
                if (number := frame.get("id")) and frame.get("client_id") not in self.said:  # each resend has its echo
                    self._expect(number not in ids, f"{number} came twice through one socket")
                    ids.add(number)
                self._take(frame)
        finally:
            self._socket = None
            if socket.close_code in CLOSED_FOR_GOOD:
                self.closed = socket.close_code

    async def _send(self, socket: Any, frame: object) -> None:
        if socket:
            with suppress(websockets.ConnectionClosed):
                await socket.send(json.dumps(frame))

    def _take(self, frame: Any) -> None:
        match frame["type"]:
            case "room":
                self.number, self.room = frame["room"], frame["name"]
                self._lack_unless(frame["last_id"] <= self.have)
            case "catch_up":
                self._lacking.set()
            case "presence":
                self.count = frame["count"]
            case "typing":
                pass
            case "error":
                self._take_error(frame)
            case "deleted":
                self._take_event(frame)
            case _:
                self._take_event(frame)
                if frame.get("client_id") in self.said:
                    self._confirm(frame["client_id"], frame["id"])

    def _confirm(self, client_id: str, number: int) -> None:
        self.echoes[client_id] += 1
        known = self.acknowledged.setdefault(client_id, number)
        self._expect(known == number, f"{client_id} was acknowledged as {known} and as {number}")
        self.outbox.pop(client_id, None)
        self.failed.pop(client_id, None)

    def _take_error(self, frame: Any) -> None:
        client_id = frame.get("client_id")
        self.errors.append((client_id, frame["code"]))
        if client_id not in self.outbox:
            return
        if frame["code"] == "too-fast":  # its person tries again before long
            self._tasks.append(asyncio.create_task(self._send_later(client_id)))
        else:
            self.failed[client_id] = frame["code"]

    async def _send_later(self, client_id: str) -> None:
        await asyncio.sleep(TOO_FAST_SECONDS)
        if client_id in self.waiting:
            await self.send(client_id)

    # Joining what is live with what was

    def _take_event(self, frame: Any) -> None:
        number = frame["id"]
        if number < self.first:
            return
        if frame["type"] == "deleted":
            self.deleted.add(frame["message_id"])
            self.messages.pop(frame["message_id"], None)
        elif not frame["message"]:  # resent after its deletion
            self.deleted.add(number)
            self.messages.pop(number, None)
        elif number not in self.deleted:
            known = self.messages.setdefault(number, frame)
            self._expect(known == frame, f"{number} is {known} and {frame}")
        self._have(number)

    def _have(self, number: int) -> None:
        self._seen.add(number)
        while self.have + 1 in self._seen:
            self.have += 1
        self._lack_unless(number <= self.have)

    def _lack_unless(self, complete: bool) -> None:
        if not complete:
            self._lacking.set()

    async def _fill(self) -> None:
        while True:
            await self._lacking.wait()
            await self._online.wait()
            self._lacking.clear()
            try:
                while await self._fetch_next():
                    pass
            except Away:
                self._lacking.set()
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _fetch_next(self) -> bool:
        """Whether there is more."""
        status, answer = await self._history(after=self.have)
        if status != 200:
            return False  # the socket says what is the matter
        events = answer["messages"]
        for frame in events:
            self._seen.add(frame["id"])  # first, so that the gaps within an answer are none
        if events:
            self.have = max(self.have, events[-1]["id"])
        for frame in events:
            self._take_event(frame)
        return bool(answer["more"])

    async def _history(self, **query: int) -> tuple[int, Any]:
        """
        Raises:
            Away: nobody answered, or the database does not, or the answer was cut off in its head.
        """
        asked = "&".join(f"{key}={value}" for key, value in {**query, "limit": self.history_limit}.items())
        status, body = await self.browser.request("GET", f"{self.url}/chat/{quote(self.room)}/messages/?{asked}")
        if status >= 500 or (status == 200 and body is None):
            raise Away(status)
        return status, body

    def _expect(self, holds: bool, complaint: str) -> None:
        if not holds:
            self.complaints.append(complaint)
