"""One keep-alive HTTP/1.1 connection, as cheap as Python allows: one request, one answer."""

import asyncio
import re
import time
from typing import NamedTuple, Self, cast

from .servers import HOST, Listener

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """Answers are expected with a Content-Length, else with no body."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self._read = b""
        self._answer: asyncio.Future[Answer] | None = None

    @classmethod
    async def open(cls, server: Listener, address: str = HOST) -> Self:
        """From `address`, one of this machine's."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, HOST, server.port, local_addr=(address, 0))
        return connection

    async def ask(self, request: bytes) -> Answer:
        """Send a whole request (`request_bytes`) and wait for its answer.

        Raises:
            ConnectionError: the connection ended before the answer, perhaps before it was asked.
        """
        if self.transport.is_closing():
            raise ConnectionError("closed before the question")
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer

    def close(self) -> None:
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        found = LENGTH.search(head)
        length = int(found.group(1)) if found else 0
        if not end or len(body) < length or self._answer is None:
            return
        self._read = b""
        answer, self._answer = self._answer, None
        if not answer.done():
            answer.set_result(Answer(int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("closed before the answer"))


def request_bytes(server: Listener, method: str, path: str, body: bytes = b"", token: str = "") -> bytes:
    """A request on a connection that stays open."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}:{server.port}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def timed_get(connection: Connection, server: Listener, path: str) -> tuple[bytes, float]:
    """The body that `path` answers, and the milliseconds until it was there.

    Raises:
        RuntimeError: the status was not 200.
    """
    request = request_bytes(server, "GET", path)
    began = time.perf_counter()
    answer = await connection.ask(request)
    took_ms = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        raise RuntimeError(f"refused: {answer}")
    return answer.body, took_ms
