"""Against a server that answers what a test wants, well or badly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from two.simulator.http_client import HttpConnection, check_server

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
Answering = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(answer: Answering) -> AsyncIterator[HttpConnection]:
    """A connection to a server that calls `answer` with each head of a request; bodies have two bytes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(2)
                await answer(head, writer)
        except (EOFError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    connection = HttpConnection(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/prefix")
    try:
        yield connection
    finally:
        connection.close()
        server.close()
        await server.wait_closed()


async def test_one_connection_carries_many_requests() -> None:
    heads: list[bytes] = []
    peers: set[object] = set()

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        peers.add(writer.get_extra_info("peername"))
        writer.write(b"HTTP/1.1 400 Bad\r\nContent-Length: 5\r\nRetry-After: 7\r\n\r\nwrong")

    async with serving(answer) as connection:
        for _ in range(3):
            found = await connection.post("/readings/", b"{}", {"Authorization": "Bearer x"})
            assert (found.status, found.headers["retry-after"], found.body) == (400, "7", "wrong")
    assert len(peers) == 1
    assert heads[0].startswith(b"POST /prefix/readings/ HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nContent-Length: 2\r\nAuthorization: Bearer x\r\n" in heads[0]


async def test_after_an_idle_connection_was_closed_a_new_one_is_made() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        writer.close()

    async with serving(answer) as connection:
        for _ in range(3):
            assert (await connection.post("/", b"{}", {})).status == 204
            async with asyncio.timeout(5):
                while connection.is_open:
                    await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"HTTP/1.1 2",
        b"hello\r\n\r\n",
        b"HTTP/1.1 ok\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"x" * 200_000,
    ],
)
async def test_a_bad_answer_is_a_broken_connection(garbage: bytes) -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)
        writer.close()

    async with serving(answer) as connection:
        with pytest.raises(OSError, match="the connection broke"):
            await connection.post("/", b"{}", {})


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://host", "http://", "http://host:x", "http://me:pw@host", "http://a?b"]
)
def test_a_bad_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no URL such as"):
        check_server(url)


def test_a_slash_at_the_end_makes_no_difference() -> None:
    assert check_server("https://example.com/prefix/") == "https://example.com/prefix"
