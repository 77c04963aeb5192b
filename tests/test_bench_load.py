"""What the bench loads servers with: it ends when they do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from bench.http import Connection

SECONDS = 5


@asynccontextmanager
async def listening(answer: bytes) -> AsyncIterator[SimpleNamespace]:
    """A server that says `answer` to whatever it is asked, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield SimpleNamespace(port=server.sockets[0].getsockname()[1])


async def test_a_connection_that_the_server_has_closed_is_not_asked_for_ever() -> None:
    async with listening(b"HTTP/1.1 204 No Content\r\n\r\n") as server, asyncio.timeout(SECONDS):
        connection = await Connection.open(server)
        assert (await connection.ask(b"?")).status == 204
        while not connection.transport.is_closing():
            await asyncio.sleep(0.01)
        with pytest.raises(ConnectionError):
            await connection.ask(b"?")
