"""How many sockets, handshakes and requests an address may have, before anything is asked or remembered for it.

Each process counts for itself. Who comes without an address is not counted: through a Unix socket whose proxy names
none.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import Context
from functools import partial
from typing import Any

from django.conf import settings
from django.http import JsonResponse
from django.utils.translation import gettext as _

from examplechannels.close_codes import TOO_MANY
from examplechannels.complaints import Complaints
from examplechannels.connections import Connection
from examplechannels.doors import Application, count_refusal, not_now, refusal, refuse_with, retry_after, send_refusal
from examplechannels.limits import Buckets, address_of

complaints = Complaints(logging.getLogger(__name__))

AT_ONCE = 6  # requests of an address that are answered at a time, as many as a browser sends; the others stand in line
MAX_UNDER_WAY = 200  # of an address, with those whose bodies are still coming in
ALL_AT_ONCE = 64  # requests of everybody: a thread each
IN_LINE_SECONDS = 10.0
ANSWER_SECONDS = 15.0  # until an answer begins; as long as the database hangs, its threads cannot be ended
RETRY_SECONDS = 1

handshakes = Buckets(settings.HANDSHAKES_PER_MINUTE, settings.HANDSHAKES_PER_MINUTE / 60)
requests = Buckets(settings.REQUESTS_PER_MINUTE, settings.REQUESTS_PER_MINUTE / 60)


def limit_sockets(inner: Application) -> Application:
    """Closes with 4429 who has too many sockets; refuses with 429 who opens them too fast."""
    sockets: Counter[str] = Counter()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        address = address_of(scope)
        if not address:
            await inner(scope, receive, send)
            return
        if wait := handshakes.of(address).take():
            count_refusal(429, "too-many-handshakes")
            complaints.say("Handshakes from %s are refused: more than HANDSHAKES_PER_MINUTE", address)
            await refuse_with(429, scope, receive, send, retry_after(wait))
            return
        if sockets[address] >= settings.SOCKETS_PER_ADDRESS:
            count_refusal(429, "too-many-sockets")
            complaints.say("Sockets from %s are closed: more than SOCKETS_PER_ADDRESS", address)
            await receive()
            await Connection(send).close(TOO_MANY)
            return
        sockets[address] += 1
        try:
            await inner(scope, receive, send)
        finally:
            sockets[address] -= 1
            if not sockets[address]:
                del sockets[address]

    return application


def limit_requests(inner: Application, is_free: Callable[[Any], bool]) -> Application:
    """Answers so many requests of an address at a time, and refuses with 429 what is too much over a minute.

    `is_free` tells which do not count: those with a limit of their own, and those that cost nothing.
    """
    turns = Turns()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if is_free(scope):
            await inner(scope, receive, send)
            return
        address = address_of(scope)
        wait = RETRY_SECONDS if turns.count(address) >= MAX_UNDER_WAY else requests.of(address).take()
        if address and wait:
            complaints.say("Requests from %s are refused: more than REQUESTS_PER_MINUTE, or too many at once", address)

            def too_fast() -> JsonResponse:
                return refusal(429, "too-fast", _("Too many requests; wait a moment."), retry_after(wait))

            await send_refusal(scope, send, too_fast)
            return
        request = Request(turns, address, scope, receive, send)
        try:
            await inner(scope, request.receive, request.send)
        finally:
            request.end()

    return application


class Request:
    """One request that waits for its turn once its body is here, and is answered in time, be it with 503."""

    def __init__(self, turns: "Turns", address: str, scope: Any, receive: Any, send: Any) -> None:
        self._turns, self._address = turns, address
        self._scope, self._receive, self._send = scope, receive, send
        self._turn = ExitStack()
        self._turn.enter_context(turns.counted(address))
        self._is_complete = self._is_given_up = False
        self._timer: asyncio.TimerHandle | None = None
        self._refusing: asyncio.Task[None] | None = None

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False) and not self._is_complete:
            self._is_complete = True
            try:
                async with asyncio.timeout(IN_LINE_SECONDS):
                    await self._turns.take(self._address, self._turn)
            except TimeoutError:
                self._is_given_up = True
                await self._send_not_now()
                return {"type": "http.disconnect"}
            self._timer = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._give_up)
        return message

    async def send(self, message: Any) -> None:
        if self._is_given_up:
            return
        # The work is done: what is left is sent as fast as its reader takes it, be it a film.
        self.end()
        await self._send(message)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._turn.close()

    def _give_up(self) -> None:
        """Whoever hangs keeps the turn; it is only not waited for any more."""
        self._is_given_up = True
        self._refusing = asyncio.create_task(self._send_not_now(), name="refusal", context=Context())

    async def _send_not_now(self) -> None:
        await send_refusal(self._scope, self._send, partial(not_now, RETRY_SECONDS))


class Turns:
    """At most `AT_ONCE` of an address and `ALL_AT_ONCE` of everybody at a time; who waits is served in order."""

    def __init__(self) -> None:
        self._lines: dict[str, asyncio.Semaphore] = {}
        self._counts: Counter[str] = Counter()
        self._everybody = asyncio.Semaphore(ALL_AT_ONCE)

    def count(self, address: str) -> int:
        """How many of an address are on their way."""
        return self._counts[address]

    @contextmanager
    def counted(self, address: str) -> Iterator[None]:
        self._counts[address] += 1
        try:
            yield
        finally:
            self._counts[address] -= 1
            if not self._counts[address]:
                del self._counts[address]
                self._lines.pop(address, None)

    async def take(self, address: str, turn: ExitStack) -> None:
        """Waits for a turn, which closing `turn` ends. To be called while the request is `counted`."""
        line = [self._lines.setdefault(address, asyncio.Semaphore(AT_ONCE))] if address else []
        for semaphore in (*line, self._everybody):
            await semaphore.acquire()
            turn.callback(semaphore.release)
