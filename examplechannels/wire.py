"""uvicorn's WebSocket protocol for a fan-out: framed once for everybody, with a bound on the answers to pings."""

from typing import cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN

MOST_SPARED = 2  # pings in a row


def wire_of(text: str) -> bytes:
    """A text as a server puts it on the wire: one frame, not masked, not compressed (RFC 6455, 5.2)."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class FanOutProtocol(WebSocketsSansIOProtocol):
    """Offers `scope["write_frame"]`, for frames that are framed once; with `send` uvicorn frames a text for each peer.

    Pings mostly those to whom nothing was sent since the last time: of others TCP_USER_TIMEOUT (network.py) tells that
    they are gone. Behind a proxy it tells that of the proxy alone, so every third time they are pinged too. A ping and
    its answer cost as much as ten frames.

    Cuts off who pings without reading the answers. uvicorn answers each ping whether or not the peer takes the
    answers: one socket made a process grow by 330 MB in 12 s.
    """

    _sent_since_ping = False
    _pings_spared = 0

    async def run_asgi(self) -> None:
        cast(dict[str, object], self.scope)["write_frame"] = self.write_frame
        await super().run_asgi()

    def write_frame(self, wire: bytes) -> bool:
        """Writes what `wire_of` made, at once. False where that cannot be now: `send` then waits, or raises."""
        if self.writable.is_set() and self.conn.state is OPEN and not self.disconnected:
            self._sent_since_ping = True
            self.transport.write(wire)
            return True
        return False

    def start_keepalive(self) -> None:
        # The handshake is done. uvicorn would keep its heads for as long as the socket lives, 3 kB each.
        del self.request, self.response
        super().start_keepalive()

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
