"""One WebSocket viewer, as cheap as Python allows.

Every viewer of a server gets the same bytes, so a frame is looked up in a dictionary
before it is parsed: of each distinct frame only the first is taken apart.
"""

import asyncio
from array import array
from time import time
from typing import Protocol, cast

from .frames import CLOSE, PING, PONG, TEXT, client_frame, take_frame, text_frame

STATUS_SWITCHED = b"HTTP/1.1 101"


class Tally(Protocol):
    """Where viewers leave what they see."""

    arrivals: dict[bytes, "array[float]"]

    def lost(self, viewer: "Viewer") -> None:
        """`viewer`'s connection ended, by whomever."""


class Viewer(asyncio.Protocol):
    """Shakes hands, then counts text frames and notes when (Unix s) each came."""

    def __init__(self, tally: Tally, request: bytes) -> None:
        self.tally = tally
        self.request = request
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport
        self.rest = b""
        self.switched = False
        self.count = 0
        self.close_code: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.rest:
            seen = self.tally.arrivals.get(data)
            if seen is not None:
                self.count += 1
                seen.append(time())
                return
        self._parse(self.rest + data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.tally.lost(self)
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed during the handshake"))
            self.opened.exception()  # nobody may be waiting any more

    def send_text(self, text: str) -> None:
        self.transport.write(text_frame(text))

    def on_switched(self) -> None:
        """The server took the upgrade."""
        self.opened.set_result(None)

    def on_text(self, payload: bytes) -> bool:
        """Whether `payload`, not seen before, counts as something delivered."""
        return True

    def _parse(self, data: bytes) -> None:
        if not self.switched:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self.rest = head
                return
            if not head.startswith(STATUS_SWITCHED):
                reason = head.split(b"\r\n", 1)[0].decode("latin-1")
                self.opened.set_exception(ConnectionError(reason))
                self.transport.abort()
                return
            self.switched = True
            self.on_switched()
        while (found := take_frame(data)) is not None:
            opcode, payload, used = found
            if opcode == TEXT:
                self._note(data[:used], payload)
            elif opcode == PING:
                self.transport.write(client_frame(PONG, payload))
            elif opcode == CLOSE:
                self.close_code = int.from_bytes(payload[:2], "big")
                self.transport.close()
            data = data[used:]
        self.rest = data

    def _note(self, frame: bytes, payload: bytes) -> None:
        arrivals = self.tally.arrivals
        if frame not in arrivals:
            if not self.on_text(payload):
                return
            arrivals[frame] = array("d")
        self.count += 1
        arrivals[frame].append(time())


class SocketIOViewer(Viewer):
    """The same over Engine.IO 4 and Socket.IO 5, WebSocket transport only."""

    def on_switched(self) -> None:
        """Open is when the namespace is, see `on_text`."""

    def on_text(self, payload: bytes) -> bool:
        if payload.startswith(b"0"):
            self.send_text("40")
        elif payload.startswith(b"40"):
            self.opened.set_result(None)
        elif payload == b"2":
            self.send_text("3")
        return payload.startswith(b"42")
