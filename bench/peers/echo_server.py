"""An echo on uvicorn with nothing around it: `python -m bench.peers.echo_server PORT`."""

import sys
from typing import Any

import uvicorn

from examplechannels.network import BACKLOG


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


if __name__ == "__main__":
    uvicorn.run(
        application,
        port=int(sys.argv[1]),
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        backlog=BACKLOG,
        log_level="warning",
        lifespan="off",
    )
