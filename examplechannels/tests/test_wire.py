"""Frames that were framed once, through a real uvicorn to a real client."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
import websockets

from examplechannels.wire import FanOutProtocol, wire_of

Application = Callable[[Any, Any, Any], Any]


@asynccontextmanager
async def served(
    application: Application, protocol: type[FanOutProtocol] = FanOutProtocol, **options: Any
) -> AsyncIterator[int]:
    """The port of a uvicorn in this event loop."""
    config = uvicorn.Config(
        application, ws=protocol, ws_per_message_deflate=False, lifespan="off", log_config=None, **options
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
            yield int(listener.getsockname()[1])
            server.should_exit = True
            await serving


async def accept(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})


TEXTS = ["", "a", "é", "x" * 125, "x" * 126, "ü" * 32_767, "x" * 65_536, "x" * 200_000]


async def test_every_text_arrives_as_it_was_framed() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await accept(receive, send)
        for text in TEXTS:
            assert scope["write_frame"](wire_of(text))
        await receive()

    async with served(application) as port, websockets.connect(f"ws://127.0.0.1:{port}/", max_size=2**20) as client:
        assert [await client.recv() for _ in TEXTS] == TEXTS


async def test_what_is_written_and_what_is_sent_come_in_order() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await accept(receive, send)
        await send({"type": "websocket.send", "text": "sent"})
        scope["write_frame"](wire_of("written"))
        await send({"type": "websocket.send", "bytes": b"raw"})
        await receive()

    async with served(application) as port, websockets.connect(f"ws://127.0.0.1:{port}/") as client:
        assert [await client.recv() for _ in range(3)] == ["sent", "written", b"raw"]


async def test_a_peer_that_does_not_read_is_written_nothing_until_it_does() -> None:
    written = 0
    reads_again = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal written
        await accept(receive, send)
        wire = wire_of("x" * 65_536)
        while scope["write_frame"](wire):  # also once the kernel's buffers are full
            written += 1
        await send({"type": "websocket.send", "text": "read"})  # waits for it
        reads_again.set()
        assert scope["write_frame"](wire_of("last"))
        await receive()

    patient: dict[str, Any] = {"max_queue": 1, "ping_interval": None}
    async with served(application) as port, websockets.connect(f"ws://127.0.0.1:{port}/", **patient) as client:
        while (text := await client.recv()) != "read":
            assert text == "x" * 65_536
            written -= 1
        assert written == 0
        assert reads_again.is_set()
        assert await client.recv() == "last"


async def test_nothing_is_written_before_the_handshake_or_after_the_end() -> None:
    answers: list[bool] = []
    gone = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        answers.append(scope["write_frame"](wire_of("early")))
        await accept(receive, send)
        if scope["path"] == "/closes/":
            await send({"type": "websocket.close", "code": 1000})
        else:
            await receive()
        answers.append(scope["write_frame"](wire_of("late")))
        gone.set()

    async with served(application) as port:
        async with websockets.connect(f"ws://127.0.0.1:{port}/closes/") as client:
            with pytest.raises(websockets.ConnectionClosedOK):
                await client.recv()
        gone.clear()
        async with websockets.connect(f"ws://127.0.0.1:{port}/leaves/") as client:
            client.transport.abort()
        await gone.wait()
    assert answers == [False] * 4


async def test_the_heads_of_a_handshake_are_not_kept() -> None:
    kept: list[FanOutProtocol] = []

    class Seen(FanOutProtocol):
        def start_keepalive(self) -> None:
            assert self.request
            assert self.response
            super().start_keepalive()
            kept.append(self)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await accept(receive, send)
        await receive()

    async with served(application, Seen) as port, websockets.connect(f"ws://127.0.0.1:{port}/"):
        assert not vars(kept[0]).keys() & {"request", "response"}


async def test_who_is_sent_something_is_pinged_every_third_time_and_who_is_not_each_time() -> None:
    pings = {"/busy/": 0, "/quiet/": 0}
    chances = {"/busy/": 0, "/quiet/": 0}

    class Counting(FanOutProtocol):
        def send_keepalive_ping(self) -> None:
            chances[self.scope["path"]] += 1
            if self.scope["path"] == "/busy/":
                self.loop.call_soon(self.write_frame, wire_of("a"))  # before the next time
            super().send_keepalive_ping()
            pings[self.scope["path"]] += self.pending_ping_payload is not None

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await accept(receive, send)
        await receive()

    async with served(application, Counting, ws_ping_interval=0.05) as port:
        addresses = [f"ws://127.0.0.1:{port}{path}" for path in pings]
        async with websockets.connect(addresses[0]), websockets.connect(addresses[1]):
            while min(chances.values()) < 12:
                await asyncio.sleep(0.01)
    assert pings["/busy/"] == (chances["/busy/"] + 2) // 3  # the first time nothing was sent yet
    assert pings["/quiet/"] == chances["/quiet/"]
