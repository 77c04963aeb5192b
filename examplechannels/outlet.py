"""One viewer's way out: frames are sent at once, and only a viewer that blocks costs a task and a backlog.

A task and a queue for each viewer would be simpler, and cost 22 µs per delivery instead of 18
(docs/benchmarks.md, Fan-out).
"""

import asyncio
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from contextvars import Context
from typing import Any, Literal, NotRequired, TypedDict

from examplechannels import metrics
from examplechannels.close_codes import TOO_SLOW
from examplechannels.wire import wire_of

MAX_BACKLOG_FRAMES = 64
MAX_BACKLOG_CHARACTERS = 128 * 1024
BLOCKED_SECONDS = 10.0


class SendFrame(TypedDict):
    """ASGI's `websocket.send`; one object serves every viewer."""

    type: Literal["websocket.send"]
    text: str
    wire: NotRequired[bytes]  # the same for a server that offers `write_frame`, see wire.py


class CloseSocket(TypedDict):
    type: Literal["websocket.close"]
    code: int


def frame(text: str) -> SendFrame:
    return {"type": "websocket.send", "text": text, "wire": wire_of(text)}


@types.coroutine
def resume(coroutine: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """Goes on with a coroutine that was started by hand and now waits for a future."""
    while True:
        go_on: Callable[[Any], Any] = coroutine.send
        try:
            value = yield waits_for
        except BaseException as error:  # a cancellation or a time-out belongs inside
            go_on, value = coroutine.throw, error
        try:
            waits_for = go_on(value)
        except StopIteration:
            return


class Outlet:
    """Sends frames to one socket in order, never waited for by who sends them; holds them until it is `open`.

    `send` is the server's. `write` takes a frame's `wire` at once, where a server offers that, or says False.

    `overflow` says what happens when the backlog of a blocked socket is full: "drop" forgets the oldest
    frames and sends `catch_up` afterwards (None: nothing), "close" ends the socket with 4408. A socket
    that takes nothing for `BLOCKED_SECONDS` gets nothing any more; the server's TCP_USER_TIMEOUT ends it.
    """

    __slots__ = (
        "_backlog",
        "_catch_up",
        "_characters",
        "_dropped",
        "_first",
        "_overflow",
        "_send",
        "_task",
        "_write",
        "closed",
    )

    def __init__(
        self,
        send: Callable[[Any], Coroutine[Any, Any, None]],
        overflow: Literal["drop", "close"],
        catch_up: SendFrame | None = None,
        write: Callable[[bytes], bool] | None = None,
    ) -> None:
        self._send = send
        self._write = write
        self._overflow = overflow
        self._catch_up = catch_up
        self._backlog: deque[SendFrame | CloseSocket] | None = deque()
        self._first: deque[SendFrame] | None = deque()
        self._characters = 0
        self._task: asyncio.Task[None] | None = None
        self._dropped = False
        self.closed = False

    @property
    def busy(self) -> bool:
        """Whether the socket has not taken everything yet."""
        return self._task is not None and not self._task.done()

    def send(self, message: SendFrame) -> None:
        """Sends, or queues behind what this socket has not taken yet."""
        if self.closed:
            return
        if self._backlog is not None:
            self._queue(self._backlog, message)
            return
        if (rest := self._begin(message)) is not None:
            self._start(rest, deque())

    def _begin(self, message: SendFrame) -> Awaitable[None] | None:
        """Sends what the socket takes at once; returns the rest of the sending, if it does not."""
        if self._write is not None and (wire := message.get("wire")) and self._write(wire):
            return None
        coroutine = self._send(message)
        try:
            waits_for = coroutine.send(None)
        except StopIteration:
            return None
        except Exception:
            # The peer is gone; the server tells the consumer, whose disconnect tidies up.
            self.closed = True
            return None
        return resume(coroutine, waits_for)

    def send_first(self, message: SendFrame) -> None:
        """Puts a frame before those that are held until the handshake is done; afterwards it is sent like any other."""
        if self._first is None:
            self.send(message)
        else:
            metrics.frames_sent.inc()
            self._first.append(message)  # not counted: what comes meanwhile must not push it out

    def open(self) -> None:
        """The handshake is done: sends what came before it was, to a viewer that joined its groups first."""
        backlog, self._backlog = self._backlog or deque(), None
        first, self._first = self._first or deque(), None
        sending = None
        while first and sending is None and not self.closed:
            sending = self._begin(first.popleft())
        if sending is not None or backlog:
            self._start(self._send_all(sending, first), backlog)

    def catch_up(self) -> None:
        """Tells the page that frames may have been lost, if it asked to be told."""
        if self._catch_up is not None:
            metrics.frames_sent.inc()
            self.send(self._catch_up)

    def end(self) -> None:
        """Forgets what is not sent yet and ends the task."""
        self.closed = True
        self._backlog = self._first = None
        if self._task is not None:
            self._task.cancel()

    async def _send_all(self, sending: Awaitable[None] | None, messages: Iterable[SendFrame]) -> None:
        if sending is not None:
            await sending
        for message in messages:
            await self._send(message)

    def _start(self, sending: Awaitable[None], backlog: deque[SendFrame | CloseSocket]) -> None:
        """From now on frames queue in `backlog`, until it is empty."""
        self._backlog = backlog
        self._task = asyncio.create_task(self._drain(sending, backlog), name="outlet", context=Context())

    def _queue(self, backlog: deque[SendFrame | CloseSocket], message: SendFrame) -> None:
        backlog.append(message)
        self._characters += len(message["text"])
        while len(backlog) > MAX_BACKLOG_FRAMES or self._characters > MAX_BACKLOG_CHARACTERS:
            if self._overflow == "close":
                metrics.frames_dropped.inc(len(backlog))
                metrics.slow_viewers_closed_by_backlog.inc()
                backlog.clear()
                backlog.append({"type": "websocket.close", "code": TOO_SLOW})
                self.closed = True
                return
            self._forget(backlog.popleft())
            self._dropped = True
            metrics.frames_dropped.inc()

    def _forget(self, message: SendFrame | CloseSocket) -> None:
        if message["type"] == "websocket.send":
            self._characters -= len(message["text"])

    async def _drain(self, sending: Awaitable[None], backlog: deque[SendFrame | CloseSocket]) -> None:
        try:
            async with asyncio.timeout(BLOCKED_SECONDS):
                await sending
            while backlog or self._dropped:
                if not backlog:
                    self._dropped = False
                    if self._catch_up is not None:
                        backlog.append(self._catch_up)
                        self._characters += len(self._catch_up["text"])
                    continue
                message = backlog.popleft()
                self._forget(message)
                async with asyncio.timeout(BLOCKED_SECONDS):
                    await self._send(message)
        except TimeoutError:
            self.closed = True
            metrics.slow_viewers_closed_blocked.inc()
        except Exception:
            self.closed = True  # gone
        finally:
            self._task = self._backlog = None
            self._characters = 0
