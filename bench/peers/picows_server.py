"""picows with no framework: `python -m bench.peers.picows_server PORT`."""

import sys
from typing import ClassVar

import uvloop
from picows import (
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    ws_create_server,
)

from .slots import every_slot


class Clients(WSListener):  # type: ignore[misc, unused-ignore]
    """Keeps its transport in a set while it is connected."""

    everyone: ClassVar[set[WSTransport]] = set()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.everyone.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.everyone.discard(transport)


def listener(request: WSUpgradeRequest) -> Clients:
    return Clients()


def push(text: str) -> None:
    payload = text.encode()
    for transport in Clients.everyone:
        transport.send(WSMsgType.TEXT, payload)


async def main(port: int) -> None:
    server = await ws_create_server(listener, "127.0.0.1", port, backlog=4096)
    async with server:
        await every_slot(push)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
