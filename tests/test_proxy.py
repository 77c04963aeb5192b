"""The proxy that the tests of faults put between two processes: it cuts, but it never garbles."""

import asyncio
import hashlib
from contextlib import suppress

from tests.chat_page import eventually
from tests.proxy import Proxy

CONNECTIONS = 8
ROUNDS = 40
PIECE = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(64))  # 2 KiB, nowhere alike
DEADLINE_SECONDS = 10


async def test_a_connection_of_many_is_cut_in_mid_frame_and_no_other_loses_a_byte() -> None:
    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    is_over = asyncio.Event()

    async def talk(port: int) -> None:
        while not is_over.is_set():
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while not is_over.is_set():
                    writer.write(PIECE)
                    assert await reader.readexactly(len(PIECE)) == PIECE
            writer.close()

    async with asyncio.timeout(DEADLINE_SECONDS), asyncio.TaskGroup() as group:
        server = await asyncio.start_server(repeat, "127.0.0.1")
        proxy = Proxy(server.sockets[0].getsockname()[1])
        for _ in range(CONNECTIONS):
            group.create_task(talk(proxy.port))
        for number in range(ROUNDS):
            proxy.cut_in_mid_frame("back" if number % 2 else "there", 3001)
            await eventually(lambda: proxy.cuts > number, DEADLINE_SECONDS, lambda: "not cut")  # noqa: B023
        is_over.set()
    assert proxy.cuts == ROUNDS
    await asyncio.to_thread(proxy.stop)
    server.close()
