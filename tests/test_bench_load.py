"""What the bench loads servers with: it ends when they do, and comes back as pages do."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from bench import pages
from bench.http import Connection
from tests.servers import ROOT

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


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("models/backoff.js: BASE_DELAY_MS", pages.BASE_SECONDS),
        ("models/backoff.js: MAX_DELAY_MS", pages.MAX_SECONDS),
        ("models/backoff.js: RESTART_SPREAD_MS", pages.RESTART_SPREAD_SECONDS),
        ("socket.js: STABLE_MS", pages.STABLE_SECONDS),
        ("telemetry_page.js: CATCH_UP_SPREAD_MS", pages.CATCH_UP_SPREAD_SECONDS),
        ("catch_up.js: SPREAD_MS", pages.CATCH_UP_SPREAD_SECONDS),
        ("catch_up.js: HOLE_LASTS_MS", pages.HOLE_LASTS_SECONDS),
    ],
)
def test_pages_of_the_bench_wait_as_long_as_those_of_a_browser(name: str, seconds: float) -> None:
    path, constant = name.split(": ")
    found = re.search(rf"^(?:export )?const {constant} = ([\d_]+);", (ROOT / "static/js" / path).read_text(), re.M)
    assert found, name
    assert int(found[1]) == seconds * 1000
