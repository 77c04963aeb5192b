"""The open WebSockets of this process: all of them, so that all can be told when it ends."""

import asyncio
import random
import time
from contextlib import suppress
from contextvars import Context
from typing import Any

from examplechannels.close_codes import SERVICE_RESTART
from examplechannels.doors import Application, refuse_with

STEP_SECONDS = 0.05
CLOSING_SECONDS = 2.0  # for peers that take nothing; what is left then is the server's to cut off
RETRY_AFTER = {"Retry-After": "1"}


class Connection:
    """One socket, as its application sees it. After `close` nothing that the application says is sent any more.

    Frames of an Outlet go past it: a server refuses those that come after the close.
    """

    __slots__ = ("_is_accepted", "_is_closed", "_send")

    def __init__(self, send: Any) -> None:
        self._send = send
        self._is_accepted = False
        self._is_closed = False

    async def send(self, message: Any) -> None:
        if self._is_closed:
            return
        if message["type"] == "websocket.accept":
            self._is_accepted = True
        elif message["type"] == "websocket.close":
            self._is_closed = True
        await self._send(message)

    async def close(self, code: int) -> None:
        """Ends the socket; accepts it first where need be, for pages to read the code. Never raises."""
        # The peer is gone, or its Outlet, which sends past this, has closed it: servers then raise what they like.
        with suppress(Exception):
            if not self._is_accepted:
                await self.send({"type": "websocket.accept"})
            await self.send({"type": "websocket.close", "code": code})


class Connections:
    """Counts sockets in and out; `drain` ends all of them, spread over a while."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        self.draining = False

    def __len__(self) -> int:
        return len(self._open)

    def known(self, inner: Application) -> Application:
        """For WebSockets: while this process drains, handshakes are refused with 503, so that a proxy asks another."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            if self.draining:
                await refuse_with(503, scope, receive, send, RETRY_AFTER)
                return
            connection = Connection(send)
            self._open.add(connection)
            try:
                # Frames go past what wraps `send`. Channels' session wrapper would look at the session before each,
                # for nothing: it saves on HTTP alone.
                await inner({"server_send": send, **scope}, receive, connection.send)
            finally:
                self._open.discard(connection)

        return application

    async def drain(self, seconds: float) -> None:
        """Closes all sockets with 1012, in any order, spread over `seconds`: their pages come back elsewhere.

        New ones are refused from now on. Never raises.
        """
        self.draining = True
        waiting = list(self._open)
        random.shuffle(waiting)
        began = time.monotonic()
        closings = []
        for number, connection in enumerate(waiting):
            ahead = began + seconds * number / len(waiting) - time.monotonic()
            if ahead > STEP_SECONDS:
                await asyncio.sleep(ahead)
            closing = connection.close(SERVICE_RESTART)
            closings.append(asyncio.create_task(closing, name="drain", context=Context()))
        if closings:
            await asyncio.wait(closings, timeout=CLOSING_SECONDS)


connections = Connections()
