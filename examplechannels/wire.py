"""uvicorn's WebSocket protocol for a fan-out: framed once for everybody, with a bound on the answers to pings."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN

MOST_SPARED = 2  # pings in a row


def wire_of(text: str) -> bytes:
    """A text as a server puts it on the wire: one frame, not masked, not compressed (RFC 6455, 5.2)."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class FanOutProtocol(WebSocketsSansIOProtocol):
    """Writes the bytes of a message that brings them as `wire`; uvicorn frames a text anew for each peer.

    Pings mostly those to whom nothing was sent since the last time: of others TCP_USER_TIMEOUT (network.py) tells that
    they are gone. Behind a proxy it tells that of the proxy alone, so every third time they are pinged too. A ping and
    its answer cost as much as ten frames.

    Cuts off who pings without reading the answers. uvicorn answers each ping whether or not the peer takes the
    answers: one socket made a process grow by 330 MB in 12 s.
    """

    _sent_since_ping = False
    _pings_spared = 0

    async def send(self, message: Any) -> None:
        self._sent_since_ping = True
        wire = message.get("wire")
        if wire and self.conn.state is OPEN and self.writable.is_set() and not self.disconnected:
            self.transport.write(wire)
        else:
            await super().send(message)

    def send_keepalive_ping(self) -> None:
        if self._sent_since_ping and self._pings_spared < MOST_SPARED:
            self._sent_since_ping = False
            self._pings_spared += 1
            self.schedule_ping()
        else:
            self._pings_spared = 0
            super().send_keepalive_ping()

    def handle_ping(self) -> None:
        super().handle_ping()
        if not self.writable.is_set():
            self.transport.abort()
