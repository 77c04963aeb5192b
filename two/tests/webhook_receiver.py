"""A server that webhooks are sent to, in threads of its own, and that behaves as badly as a test wants."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[["Handler"], None]
WAIT_SECONDS = 10.0


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    url: str
    port: int
    received: list[Received] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    receiver: Receiver
    behaviours: list[Behaviour]  # of the first request, the second, …; the last one stays
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.receiver.lock:
            self.receiver.received.append(Received(self.path, dict(self.headers.items()), body))
            number = len(self.receiver.received)
            self.receiver.at_once += 1
            self.receiver.most_at_once = max(self.receiver.most_at_once, self.receiver.at_once)
        try:
            self.behaviours[min(number, len(self.behaviours)) - 1](self)
        except OSError:
            pass  # the other side had enough
        finally:
            with self.receiver.lock:
                self.receiver.at_once -= 1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 its name there
        pass


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> Behaviour:
    def behave(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def hang(handler: Handler) -> None:
    handler.receiver.released.wait(WAIT_SECONDS)
    handler.close_connection = True


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


def drip(handler: Handler) -> None:
    """Headers, one byte at a time, without an end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.receiver.released.wait(0.01):
        handler.wfile.write(b"x")


def shout(handler: Handler) -> None:
    """Headers without an end, as fast as they go."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.receiver.released.is_set():
        handler.wfile.write(b"X-Loud: " + b"x" * 1000 + b"\r\n")


def never_end(handler: Handler) -> None:
    """An answer whose body has no end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not handler.receiver.released.is_set():
        handler.wfile.write(b"x" * 1000)


def promise(handler: Handler) -> None:
    """Interim answers without an end."""
    while not handler.receiver.released.is_set():
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def say(raw: bytes) -> Behaviour:
    def behave(handler: Handler) -> None:
        handler.wfile.write(raw)
        handler.close_connection = True

    return behave


@contextmanager
def receiver(*behaviours: Behaviour) -> Iterator[Receiver]:
    handler = type("Handler", (Handler,), {"behaviours": list(behaviours) or [answer()]})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    port = server.server_address[1]
    handler.receiver = found = Receiver(f"http://127.0.0.1:{port}/alarms?to=me", port)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield found
    finally:
        found.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
