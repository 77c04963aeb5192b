"""A server that ends answers who has just connected."""

import asyncio
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from examplechannels.heads import BoundedHeads

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
SECONDS = 5


async def empty(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def answers_of_a_server_that_ends(*requests: bytes) -> bytes:
    """What comes on a connection that is told of the end before it has asked these."""
    config, state = Config(empty, lifespan="off", log_config=None), ServerState()
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: BoundedHeads(config, state, {}), "127.0.0.1")
    async with server, asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        while not state.connections:
            await asyncio.sleep(0)
        for connection in state.connections:
            connection.shutdown()
        for request in requests:
            writer.write(request)
        answer = await reader.read()  # to its end
        writer.close()
        return answer


async def test_who_had_just_connected_when_the_server_ended_is_answered() -> None:
    assert (await answers_of_a_server_that_ends(REQUEST)).startswith(b"HTTP/1.1 204")


async def test_who_asks_nothing_then_is_not_waited_for() -> None:
    assert await answers_of_a_server_that_ends() == b""
