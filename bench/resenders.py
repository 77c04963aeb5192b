"""Who talks and who sends readings while servers come and go: what is not acknowledged is sent again."""

import asyncio
import json
import time
from collections.abc import Callable

from .http import Connection, request_bytes
from .pages import RoomPage, full_jitter
from .people import TEXT
from .servers import Listener

ASK_SECONDS = 10.0
READINGS_PATH = "/two/readings/"


class Talker(RoomPage):
    """A page whose person also writes; what has no echo yet goes out again when the socket is back."""

    def __init__(self, choose: Callable[[], Listener], room: str, name: str) -> None:
        super().__init__(choose, room)
        self.name = name
        self.unconfirmed: dict[str, str] = {}
        self.acknowledged: dict[str, int] = {}
        self.refusals: list[str] = []

    def say(self, client_id: str) -> None:
        frame = {"message": TEXT, "username": self.name, "client_id": client_id}
        self.unconfirmed[client_id] = json.dumps(frame)
        self._send(client_id)

    def on_open(self) -> None:
        for client_id in self.unconfirmed:
            self._send(client_id)

    def take(self, frame: dict[str, object]) -> None:
        super().take(frame)
        client_id = str(frame.get("client_id"))
        if client_id in self.unconfirmed:
            if frame["type"] == "error":
                self.refusals.append(str(frame["code"]))
            else:
                self.acknowledged[client_id] = int(str(frame["id"]))
                del self.unconfirmed[client_id]

    def _send(self, client_id: str) -> None:
        if self.opened.is_set() and self.socket is not None:
            self.socket.send_text(self.unconfirmed[client_id])


class Sender:
    """A device that posts each reading, whose value is its number, until it is acknowledged."""

    def __init__(self, choose: Callable[[], Listener], token: str, metric: str) -> None:
        self._choose, self._token, self._metric = choose, token, metric
        self._under_way: set[asyncio.Task[None]] = set()
        self.sent = self.acknowledged = self.tries = self._last_ms = 0

    def send(self, number: int) -> None:
        self.sent += 1
        # Two of one millisecond would be one reading.
        self._last_ms = max(self._last_ms + 1, time.time_ns() // 1_000_000)
        body = json.dumps({"ts": self._last_ms, "values": {self._metric: number}}).encode()
        task = asyncio.create_task(self._post(body))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def until_acknowledged(self) -> None:
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _post(self, body: bytes) -> None:
        attempt = 0
        while not await self._try(body):
            await asyncio.sleep(full_jitter(attempt))
            attempt += 1
        self.acknowledged += 1

    async def _try(self, body: bytes) -> bool:
        self.tries += 1
        server = self._choose()
        try:
            async with asyncio.timeout(ASK_SECONDS):
                connection = await Connection.open(server)
                try:
                    answer = await connection.ask(request_bytes(server, "POST", READINGS_PATH, body, self._token))
                finally:
                    connection.close()
        except (OSError, TimeoutError):
            return False
        if answer.status not in (204, 429, 503):
            raise RuntimeError(f"refused: {answer}")
        return answer.status == 204
