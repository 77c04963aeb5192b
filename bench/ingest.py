"""Sockets of `ws/two/ingest/`, and what was acknowledged on them."""

import asyncio
from array import array
from time import time

from .client import Viewer
from .frames import handshake
from .servers import HOST, Listener

PATH = "/ws/two/ingest/"
ACK = b'{"ack":'
OPEN_SECONDS = 10.0


class Acks:
    """What all sockets together were told; `times` (Unix s) of the acknowledgements."""

    def __init__(self) -> None:
        self.arrivals: dict[bytes, array[float]] = {}  # stays empty: nothing is counted by frame
        self.times = array("d")
        self.errors: list[bytes] = []
        self.lost_count = 0

    @property
    def count(self) -> int:
        return len(self.times)

    def lost(self, viewer: Viewer) -> None:
        self.lost_count += 1

    async def until(self, count: int) -> None:
        """Returns when so many were acknowledged.

        Raises:
            RuntimeError: a reading was refused, or a socket lost.
        """
        while self.count < count:
            if self.errors or self.lost_count:
                raise RuntimeError(f"{self.lost_count} sockets lost, refused: {self.errors[:1]}")
            await asyncio.sleep(0.01)


class IngestSocket(Viewer):
    """Sends what it is given (`send_text`); between `begin` and `end` it keeps a number of frames under way."""

    def __init__(self, acks: Acks, request: bytes) -> None:
        super().__init__(acks, request)
        self.acks = acks
        self.answers = 0
        self.repeated: bytes | None = None

    def begin(self, frame: bytes, under_way: int) -> None:
        """Send `frame` so many times, and once more for each acknowledgement."""
        self.repeated = frame
        self.transport.write(frame * under_way)

    def end(self) -> None:
        """Send no more; what is under way is still acknowledged."""
        self.repeated = None

    def data_received(self, data: bytes) -> None:
        self.answers = 0
        self._parse(self.rest + data)
        if self.repeated is not None and self.answers:
            self.transport.write(self.repeated * self.answers)

    def _note(self, frame: bytes, payload: bytes) -> None:
        self.answers += 1
        if payload.startswith(ACK):
            self.acks.times.append(time())
        else:
            self.acks.errors.append(payload)
            self.repeated = None


async def open_socket(server: Listener, acks: Acks, token: str, address: str = HOST) -> IngestSocket:
    """One socket from `address`, one of this machine's, once its handshake is through."""
    loop = asyncio.get_running_loop()
    request = handshake(f"{HOST}:{server.port}", PATH, [("Authorization", f"Bearer {token}")])
    _, socket = await loop.create_connection(
        lambda: IngestSocket(acks, request), HOST, server.port, local_addr=(address, 0)
    )
    await asyncio.wait_for(socket.opened, OPEN_SECONDS)
    return socket
