"""uvicorn's WebSocket protocol with bounded answers to pings."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class BoundedPongs(WebSocketsSansIOProtocol):
    """Cuts off who pings without reading the answers.

    uvicorn answers each ping whether or not the peer takes the answers: one socket made a process grow by
    330 MB in 12 s.
    """

    def handle_ping(self) -> None:
        super().handle_ping()
        if not self.writable.is_set():
            self.transport.abort()
