"""uvicorn's HTTP protocol with a bound on what comes before a body, and behind it; its end hangs up on nobody."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024  # uvicorn's own bound with its other parser, h11
FIRST_SECONDS = 0.1  # for the first request of who had just connected when the server was told to end
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedHeads(HttpToolsProtocol):
    """Ends with 431 a request line, header, chunk size or trailer without end.

    httptools keeps all of it, and copies it with each piece more: 60 MB from one socket took ten seconds of everybody's
    time.
    """

    _bytes_without_event = 0

    def data_received(self, data: bytes) -> None:
        self._bytes_without_event += len(data)
        super().data_received(data)
        if self._bytes_without_event > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def shutdown(self) -> None:
        """uvicorn closes what has not asked anything yet, too, though a proxy's POST may be on its way: a 502."""
        if self.cycle is None:
            self.loop.call_later(FIRST_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def on_headers_complete(self) -> None:
        self._bytes_without_event = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._bytes_without_event = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._bytes_without_event = 0
        super().on_message_complete()
