"""Sockets of `ws/two/ingest/` that keep a number of readings under way, and count what was acknowledged."""

import asyncio
from array import array
from collections.abc import Callable
from time import time

from .client import Viewer
from .frames import TEXT, client_frame, handshake
from .servers import HOST, Listener

PATH = "/ws/two/ingest/"
ACK = b'{"ack":'
OPEN_SECONDS = 10.0


class Acks:
    """What all sockets together were told; `times` (Unix s) of the acknowledgements."""

    def __init__(self) -> None:
        self.arrivals: dict[bytes, array[float]] = {}
        self.times = array("d")
        self.errors: list[bytes] = []
        self.lost_count = 0

    @property
    def count(self) -> int:
        return len(self.times)

    def lost(self, viewer: Viewer) -> None:
        self.lost_count += 1


class IngestSocket(Viewer):
    """Sends what `next_frame` gives, for each acknowledgement one more while `sending`."""

    def __init__(self, acks: Acks, request: bytes, next_frame: Callable[[], bytes]) -> None:
        super().__init__(acks, request)
        self.acks = acks
        self.next_frame = next_frame
        self.under_way = 0
        self.sending = False

    def begin(self, under_way: int) -> None:
        """Send `under_way` frames, and go on."""
        self.sending = True
        self.send(under_way)

    def send(self, frames: int) -> None:
        self.under_way += frames
        self.transport.write(b"".join([self.next_frame() for _ in range(frames)]))

    def data_received(self, data: bytes) -> None:
        before = self.under_way
        self._parse(self.rest + data)
        if self.sending and self.under_way < before:
            self.send(before - self.under_way)

    def _note(self, frame: bytes, payload: bytes) -> None:
        self.under_way -= 1
        if payload.startswith(ACK):
            self.acks.times.append(time())
        else:
            self.acks.errors.append(payload)
            self.sending = False


async def open_socket(
    server: Listener, acks: Acks, token: str, next_frame: Callable[[], bytes], address: str = HOST
) -> IngestSocket:
    """One socket from `address`, one of this machine's, once its handshake is through."""
    loop = asyncio.get_running_loop()
    request = handshake(f"{HOST}:{server.port}", PATH, [("Authorization", f"Bearer {token}")])
    _, socket = await loop.create_connection(
        lambda: IngestSocket(acks, request, next_frame), HOST, server.port, local_addr=(address, 0)
    )
    await asyncio.wait_for(socket.opened, OPEN_SECONDS)
    return socket


def text_frame(text: str) -> bytes:
    return client_frame(TEXT, text.encode())
