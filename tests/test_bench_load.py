"""What the bench loads servers with: it ends when they do, and comes back as pages do."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bench import __main__ as bench
from bench import ingest, pages
from bench.frames import text_frame
from bench.http import Connection, timed_get
from bench.lineup import Lineup
from bench.load import Crowd
from bench.measures import Outcome
from bench.scenarios import SCENARIOS
from bench.servers import Server
from tests.servers import ROOT

SECONDS = 5


@asynccontextmanager
async def listening(answer: bytes) -> AsyncIterator[SimpleNamespace]:
    """A server that says `answer` to whatever it is asked, and closes."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
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
        connection.close()


async def test_a_refusal_is_not_timed() -> None:
    async with listening(b"HTTP/1.1 503 Service Unavailable\r\n\r\n") as server, asyncio.timeout(SECONDS):
        connection = await Connection.open(server)
        with pytest.raises(RuntimeError, match="503"):
            await timed_get(connection, server, "/")
        connection.close()


async def test_a_viewer_that_is_never_let_in_leaves_no_connection() -> None:
    gone = asyncio.Event()

    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        gone.set()

    server = await asyncio.start_server(stay_silent, "127.0.0.1", 0)
    async with server, asyncio.timeout(SECONDS):
        crowd = Crowd(Server("silent", [], server.sockets[0].getsockname()[1]))
        with pytest.raises(TimeoutError):
            await crowd.open_one(timeout=0.05)
        await gone.wait()


@asynccontextmanager
async def taking_readings() -> AsyncIterator[SimpleNamespace]:
    """A server that acknowledges each frame, but one that says "no"."""

    async def answer(socket: ServerConnection) -> None:
        async for text in socket:
            await socket.send('{"code":"refused"}' if text == "no" else '{"ack":1}')

    async with serve(answer, "127.0.0.1", 0) as server:
        yield SimpleNamespace(port=next(iter(server.sockets)).getsockname()[1])


async def test_a_socket_keeps_its_frames_under_way_until_it_is_told_to_end() -> None:
    acks = ingest.Acks()
    async with taking_readings() as server, asyncio.timeout(SECONDS):
        socket = await ingest.open_socket(server, acks, "token")
        socket.begin(text_frame("one"), under_way=3)
        await acks.until(20)
        socket.end()
        everything = acks.count + 3
        await acks.until(everything)
        socket.send_text("the last")
        await acks.until(everything + 1)
        assert acks.count == everything + 1
        socket.transport.abort()


@pytest.mark.parametrize("is_lost", [True, False], ids=["lost", "refused"])
async def test_what_will_never_be_acknowledged_is_not_waited_for(is_lost: bool) -> None:
    acks = ingest.Acks()
    async with taking_readings() as server, asyncio.timeout(SECONDS):
        socket = await ingest.open_socket(server, acks, "token")
        if is_lost:
            socket.transport.abort()
        else:
            socket.send_text("no")
        with pytest.raises(RuntimeError):
            await acks.until(1)
        socket.transport.abort()


async def test_a_scenario_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def stuck(lineup: Lineup, quick: bool) -> Outcome:
        await asyncio.Event().wait()
        return Outcome([])

    monkeypatch.setitem(SCENARIOS, "stuck", stuck)
    monkeypatch.setattr(bench, "SCENARIO_SECONDS", 0.05)
    async with asyncio.timeout(SECONDS) as all_of_it:
        with pytest.raises(TimeoutError):
            await bench.measure(Lineup(tmp_path, tmp_path / "log"), ["stuck"], quick=True)
    assert not all_of_it.expired()


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
