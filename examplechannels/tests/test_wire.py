"""Frames that were framed once, through a real uvicorn to a real client."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
import websockets

from examplechannels.outlet import frame
from examplechannels.wire import FanOutProtocol

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
            # What a message says beside its wire is for other servers.
            await send({**frame(text), "text": "not this"})
        await receive()

    async with served(application) as port, websockets.connect(f"ws://127.0.0.1:{port}/", max_size=2**20) as client:
        assert [await client.recv() for _ in TEXTS] == TEXTS


async def test_a_message_without_wire_is_uvicorns() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await accept(receive, send)
        await send({"type": "websocket.send", "text": "plain"})
        await send({"type": "websocket.send", "bytes": b"raw"})
        await receive()

    async with served(application) as port, websockets.connect(f"ws://127.0.0.1:{port}/") as client:
        assert [await client.recv(), await client.recv()] == ["plain", b"raw"]


async def test_sending_waits_for_a_peer_that_does_not_read() -> None:
    sent = 0

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await accept(receive, send)
        while True:
            await send(frame("x" * 65_536))
            sent += 1

    patient: dict[str, Any] = {"max_queue": 1, "ping_interval": None}
    async with served(application) as port, websockets.connect(f"ws://127.0.0.1:{port}/", **patient) as client:
        before = -1
        while before < sent:  # until nothing more goes into the kernel's buffers
            before = sent
            await asyncio.sleep(0.2)
        assert 0 < sent < 500
        client.transport.abort()


async def test_nothing_is_sent_before_the_handshake_or_after_the_end() -> None:
    raised: list[type[BaseException]] = []
    gone = asyncio.Event()

    async def tried(send: Any) -> None:
        try:
            await send(frame("a"))
        except Exception as error:
            raised.append(type(error))

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await tried(send)
        await accept(receive, send)
        if scope["path"] == "/closes/":
            await send({"type": "websocket.close", "code": 1000})
        else:
            await receive()
            gone.set()
        await tried(send)

    async with served(application) as port:
        with suppress(websockets.ConnectionClosed):
            async with websockets.connect(f"ws://127.0.0.1:{port}/closes/") as client:
                assert await client.recv()
        assert len(raised) == 2
        async with websockets.connect(f"ws://127.0.0.1:{port}/leaves/") as client:
            client.transport.abort()
        await gone.wait()
        await asyncio.sleep(0)
    assert len(raised) == 4


async def test_who_is_sent_something_is_pinged_every_third_time_and_who_is_not_each_time() -> None:
    pings = {"/busy/": 0, "/quiet/": 0}
    chances = {"/busy/": 0, "/quiet/": 0}

    class Counting(FanOutProtocol):
        def send_keepalive_ping(self) -> None:
            chances[self.scope["path"]] += 1
            if self.scope["path"] == "/busy/":
                self.loop.create_task(self.send(frame("a")))  # before the next time
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
    assert pings["/busy/"] == chances["/busy/"] // 3
    assert pings["/quiet/"] == chances["/quiet/"] - 1  # the handshake was sent
