"""Pages that stay: their sockets come back by the rules of static/js/models/backoff.js, then they fetch what they lack.

Cheap enough for a thousand in one process: what the server sends to many is parsed once.
"""

import asyncio
import json
import random
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from .client import Viewer
from .frames import CLOSE, client_frame, handshake
from .http import Connection, request_bytes
from .servers import HOST, Listener

BASE_SECONDS, MAX_SECONDS = 1.0, 8.0
RESTART_SPREAD_SECONDS = 7.0
STABLE_SECONDS = 5.0
CATCH_UP_SPREAD_SECONDS = 3.0
HOLE_LASTS_SECONDS = 0.3
CONNECT_SECONDS = FETCH_SECONDS = 10.0
GOING_AWAY, SERVICE_RESTART, ABNORMAL = 1001, 1012, 1006
PARSED_FRAMES = 2_000

addresses = (f"127.{high}.{middle}.{low}" for high in range(1, 255) for middle in range(256) for low in range(1, 255))
"""One of this machine's for each page, as visitors have: the server answers six requests of an address at a time."""


class Away(Exception):
    """Nobody answered, or not now."""


class Outage(NamedTuple):
    """From when to when (Unix s) a page was without its socket, which closed with `code`; `tries` until it was back."""

    code: int
    closed_at: float
    opened_at: float
    tries: int


@lru_cache(PARSED_FRAMES)
def parsed(payload: bytes) -> Any:
    return json.loads(payload)


def full_jitter(attempt: int) -> float:
    """Seconds until attempt `attempt`, from 0, is repeated."""
    return random.random() * min(MAX_SECONDS, BASE_SECONDS * 2.0**attempt)


def delay_after(code: int, attempt: int) -> float:
    """Seconds that a page waits after its socket closed."""
    return random.random() * RESTART_SPREAD_SECONDS if code == SERVICE_RESTART else full_jitter(attempt)


class PageSocket(Viewer):
    """One connection of a page."""

    def __init__(self, page: "Page", request: bytes) -> None:
        super().__init__(page, request)
        self.page = page
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if not self.closed.done():
            self.closed.set_result(self.close_code or ABNORMAL)

    def _note(self, frame: bytes, payload: bytes) -> None:
        self.count += 1
        self.page.take(parsed(payload))


class Page:
    """`path` on whichever server `choose` names, from `open` to `close`."""

    path = ""

    def __init__(self, choose: Callable[[], Listener]) -> None:
        self.choose = choose
        self.address = next(addresses)
        self.arrivals: dict[bytes, array[float]] = {}  # stays empty: nothing is counted by frame
        self.socket: PageSocket | None = None
        self.outages: list[Outage] = []
        self.opened = asyncio.Event()
        self.filled = asyncio.Event()  # for the first time
        self._lacking = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def lost(self, viewer: Viewer) -> None:
        self.opened.clear()

    def take(self, frame: Any) -> None:
        """A frame came; it belongs to all pages alike and must not be changed."""

    def on_open(self) -> None:
        """The socket is open, perhaps again."""

    async def fill(self) -> None:
        """Fetches what is lacking.

        Raises:
            Away: to be tried again.
        """

    async def open(self) -> None:
        """Returns once it is open."""
        self._tasks = [asyncio.create_task(self._stay()), asyncio.create_task(self._keep_filled())]
        await self.opened.wait()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.tear()

    def tear(self) -> None:
        """The connection breaks, without a word."""
        if self.socket is not None:
            self.socket.transport.abort()

    def say_goodbye(self) -> None:
        """The connection ends as a browser ends it that goes elsewhere."""
        if self.socket is not None and not self.socket.transport.is_closing():
            self.socket.transport.write(client_frame(CLOSE, GOING_AWAY.to_bytes(2, "big")))

    def lack(self, within: float = 0.0) -> None:
        """Something is lacking, to be fetched at a random moment."""
        asyncio.get_running_loop().call_later(random.random() * within, self._lacking.set)

    async def get(self, path: str) -> Any:
        """The JSON that a request of this page brings.

        Raises:
            Away: nobody answered, or with an error.
        """
        server = self.choose()
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                connection = await Connection.open(server, self.address)
                try:
                    answer = await connection.ask(request_bytes(server, "GET", path))
                finally:
                    connection.close()
        except (OSError, TimeoutError) as error:
            raise Away(path) from error
        if answer.status != 200:
            raise Away(f"{path}: {answer.status}")
        return json.loads(answer.body)

    async def _stay(self) -> None:
        attempt, closed = 0, None
        while True:
            code = ABNORMAL
            with suppress(OSError, TimeoutError):
                self.socket = await self._connect()
                opened_at = time.time()
                if closed is not None:
                    self.outages.append(Outage(*closed, opened_at, attempt))
                self.opened.set()
                self.on_open()
                self._lacking.set()
                code = await self.socket.closed
                closed = (code, time.time())
                if closed[1] - opened_at >= STABLE_SECONDS:
                    attempt = 0
            await asyncio.sleep(delay_after(code, attempt))
            attempt += 1

    async def _connect(self) -> PageSocket:
        server = self.choose()
        host = f"{HOST}:{server.port}"
        request = handshake(host, self.path, [("Origin", f"http://{host}")])
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            _, socket = await loop.create_connection(
                lambda: PageSocket(self, request), HOST, server.port, local_addr=(self.address, 0)
            )
            try:
                await socket.opened
            except BaseException:
                socket.transport.abort()
                raise
        return socket

    async def _keep_filled(self) -> None:
        failures = 0
        while True:
            await self._lacking.wait()
            await self.opened.wait()
            self._lacking.clear()
            try:
                await self.fill()
                self.filled.set()
                failures = 0
            except Away:
                await asyncio.sleep(full_jitter(failures))
                failures += 1
                self._lacking.set()


class ReadingsPage(Page):
    """Watches one device whose readings are whole numbers from 0; `seen` are those it has, live or fetched."""

    def __init__(self, choose: Callable[[], Listener], device: str, since_ms: int) -> None:
        super().__init__(choose)
        self.path = f"/ws/two/?device={device}&events=all"
        self.past = f"/two/readings/?device={device}&since={since_ms}&points=5000"
        self.seen: set[int] = set()

    def take(self, frame: Any) -> None:
        if isinstance(frame, list):
            self.seen.update(round(reading["data"]) for reading in frame)
        elif frame.get("type") == "catch_up":
            self.lack(CATCH_UP_SPREAD_SECONDS)

    async def fill(self) -> None:
        for series in (await self.get(self.past))["series"]:
            assert series["resolution"] == "raw", series["resolution"]
            self.seen.update(round(value) for _, value in series["points"])


class RoomPage(Page):
    """Reads a chat room; up to number `have` it has asked for everything. `ids` are those that came, in any way."""

    def __init__(self, choose: Callable[[], Listener], room: str) -> None:
        super().__init__(choose)
        self.path = f"/ws/chat/{room}/?events=all"
        self.past = f"/chat/{room}/messages/?limit=200&after="
        self.have = 0
        self.ids: set[int] = set()
        self._seen: set[int] = set()

    def take(self, frame: Any) -> None:
        kind = frame["type"]
        if "id" in frame:
            self.ids.add(frame["id"])
        if kind == "room" and frame["last_id"] > self.have:
            self.lack()
        elif kind == "catch_up":
            self.lack(CATCH_UP_SPREAD_SECONDS)
        elif "id" in frame and frame["id"] > self.have:
            self._seen.add(frame["id"])
            self._advance()
            if self._seen:
                asyncio.get_running_loop().call_later(HOLE_LASTS_SECONDS, self._fill_hole)

    def _advance(self) -> None:
        while self.have + 1 in self._seen:
            self.have += 1
            self._seen.discard(self.have)

    def _fill_hole(self) -> None:
        if self._seen:
            self._lacking.set()

    async def fill(self) -> None:
        more = True
        while more:
            answer = await self.get(f"{self.past}{self.have}")
            self.ids.update(event["id"] for event in answer["messages"])
            # What is not in it up to its last was deleted: the deletion has a number of its own.
            if events := answer["messages"]:
                self.have = max(self.have, events[-1]["id"])
            self._seen = {number for number in self._seen if number > self.have}
            self._advance()
            more = answer["more"]
