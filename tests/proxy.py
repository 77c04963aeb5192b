"""A TCP proxy that tests put between two processes, to cut, stall or refuse what goes through."""

import socket
import threading
from contextlib import suppress
from typing import Literal

from tests.servers import free_port, wait_until

BACKLOG = 128
CHUNK_BYTES = 64 * 1024
JOIN_SECONDS = 5

Direction = Literal["there", "back"]  # to the server, to the client


class Proxy:
    """Forwards connections to `port` of this machine; its own port stays while it refuses."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._flows = {"there": threading.Event(), "back": threading.Event()}
        self._cut_after: dict[str, int | None] = {"there": None, "back": None}  # bytes that may still pass
        self._cut_before: dict[str, bytes] = {}
        self._pause_before: dict[str, tuple[bytes, threading.Event]] = {}
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.cuts = 0
        self.port = free_port()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self.resume()
        self.accept()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # What goes wrong, and `resume` or `accept`, which put it right

    def stall(self, *directions: Direction) -> None:
        """Nothing gets through any more, and nobody is told; both ways where none is named."""
        for direction in directions or ("there", "back"):
            self._flows[direction].clear()

    def resume(self) -> None:
        for flow in self._flows.values():
            flow.set()

    def cut_in_mid_frame(self, direction: Direction, after_bytes: int) -> None:
        """After so many bytes more that way, the connection that carries the next one ends before it."""
        self._cut_after[direction] = after_bytes

    def cut_before(self, direction: Direction, what: bytes) -> None:
        """The next connection to carry it that way ends before it."""
        self._cut_before[direction] = what

    def pause_before(self, direction: Direction, what: bytes) -> threading.Event:
        """The next connection to carry it that way gets stuck before it, until the event returned is set."""
        goes_on = threading.Event()
        self._pause_before[direction] = (what, goes_on)
        return goes_on

    def cut(self) -> None:
        """Every connection, at once."""
        with self._lock:
            sockets = list(self._sockets)
        for one in sockets:
            _end(one)

    def refuse(self) -> None:
        """New connections are refused, those that are open cut."""
        _end(self._listener)  # which ends the listening, but keeps the port
        self.cut()

    def accept(self) -> None:
        self._listener.listen(BACKLOG)
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        self.resume()
        self.refuse()
        self._listener.close()
        wait_until(lambda: not self._sockets, JOIN_SECONDS, "the proxy still has connections")

    # Forwarding

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        self._flows["there"].wait()
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        with self._lock:
            self._sockets |= {client, server}
        back = threading.Thread(target=self._pump, args=(server, client, "back"), daemon=True)
        back.start()
        self._pump(client, server, "there")
        back.join()
        with self._lock:
            self._sockets -= {client, server}
        client.close()
        server.close()

    def _pump(self, source: socket.socket, target: socket.socket, direction: Direction) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                self._flows[direction].wait()
                what = self._cut_before.get(direction)
                if what and what in data and self._cut_before.pop(direction, None):
                    self.cuts += 1
                    break
                data = self._paused(direction, data, target)
                passed = self._allowed(direction, len(data))
                target.sendall(data[:passed])
                if passed < len(data):
                    self.cuts += 1
                    break
        _end(source)
        _end(target)

    def _paused(self, direction: Direction, data: bytes, target: socket.socket) -> bytes:
        """Where it is to get stuck, what comes before is sent; what is left to send."""
        what, goes_on = self._pause_before.get(direction, (b"", None))
        at = data.find(what)
        if goes_on is None or at < 0:
            return data
        del self._pause_before[direction]
        target.sendall(data[:at])
        goes_on.wait()
        return data[at:]

    def _allowed(self, direction: Direction, size: int) -> int:
        """How much of `size` bytes gets through; less than all of it is said to one connection, which is cut."""
        with self._lock:
            left = self._cut_after[direction]
            if left is None or left >= size:
                self._cut_after[direction] = None if left is None else left - size
                return size
            self._cut_after[direction] = None
            return left


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
