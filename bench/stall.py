"""A client that stops reading, and what becomes of its connection."""

import asyncio
import socket
import time
from dataclasses import dataclass

from . import kernel
from .chatter import PATH
from .frames import handshake
from .servers import HOST, Server

RECEIVE_BUFFER_BYTES = 4096
GIVE_UP_SECONDS = 40.0


class StalledReader:
    """Joins the room, then never reads again; the kernel's buffers fill up."""

    def __init__(self, server: Server) -> None:
        host = f"{HOST}:{server.port}"
        self.server_port = server.port
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self.socket.settimeout(5)
        self.socket.connect((HOST, server.port))
        self.socket.sendall(handshake(host, PATH, [("Origin", f"http://{host}")]))
        self.socket.recv(64)
        self.port = self.socket.getsockname()[1]

    def close(self) -> None:
        self.socket.close()

    def state(self) -> tuple[str, int] | None:
        """The server's end in the kernel: TCP state and unsent bytes; None when gone."""
        return kernel.server_side(self.server_port, self.port)


@dataclass
class Ending:
    """After how many seconds the kernel forgot a connection, and how full its send queue got."""

    seconds: float = 0.0
    unsent: int = 0
    full_seconds: float = 0.0


async def until_gone(stalled: StalledReader) -> Ending:
    """Watch the server's end until it is gone, at most `GIVE_UP_SECONDS`.

    `full_seconds`: how long the queue took nothing more while the room talked on, so that `send` blocked.
    """
    ending, began = Ending(), time.monotonic()
    grew, give_up = began, began + GIVE_UP_SECONDS
    while (state := stalled.state()) is not None and time.monotonic() < give_up:
        if state[1] > ending.unsent:
            ending.unsent, grew = state[1], time.monotonic()
        ending.full_seconds = time.monotonic() - grew
        await asyncio.sleep(0.25)
    ending.seconds = time.monotonic() - began
    return ending
