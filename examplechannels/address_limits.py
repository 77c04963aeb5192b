"""How many sockets, handshakes and requests an address may have, before anything is asked or remembered for it.

Each process counts for itself. Who comes without an address is not counted: through a Unix socket whose proxy names
none.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from examplechannels.complaints import Complaints
from examplechannels.doors import Application, count_refusal, refusal, refuse_with, send_refusal
from examplechannels.limits import Buckets, address_of

complaints = Complaints(logging.getLogger(__name__))

TOO_MANY = 4429
AT_ONCE = 6  # requests of an address that are answered at a time, as many as a browser sends; the others stand in line
MAX_UNDER_WAY = 200  # of an address, in line and being answered
ALL_AT_ONCE = 64  # requests of everybody: a thread each
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
            await refuse_with(429, scope, receive, send, _retry_after(wait))
            return
        if sockets[address] >= settings.SOCKETS_PER_ADDRESS:
            count_refusal(429, "too-many-sockets")
            complaints.say("Sockets from %s are closed: more than SOCKETS_PER_ADDRESS", address)
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": TOO_MANY})
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
        address = address_of(scope)
        if not address or is_free(scope):
            await inner(scope, receive, send)
            return
        wait = RETRY_SECONDS if turns.count(address) >= MAX_UNDER_WAY else requests.of(address).take()
        if wait:
            complaints.say("Requests from %s are refused: more than REQUESTS_PER_MINUTE, or too many at once", address)
            await send_refusal(
                send, refusal(429, "too-fast", _("Too many requests; wait a moment."), _retry_after(wait))
            )
            return
        turn = await turns.take(address)

        async def send_and_pass_on(message: Any) -> None:
            # The work is done: what is left is sent as fast as its reader takes it, be it a film.
            turn.close()
            await send(message)

        try:
            await inner(scope, receive, send_and_pass_on)
        finally:
            turn.close()

    return application


class Turns:
    """At most `AT_ONCE` of an address and `ALL_AT_ONCE` of everybody at a time; who waits is served in order."""

    def __init__(self) -> None:
        self._lines: dict[str, asyncio.Semaphore] = {}
        self._counts: Counter[str] = Counter()
        self._everybody = asyncio.Semaphore(ALL_AT_ONCE)

    def count(self, address: str) -> int:
        """How many of an address wait or have their turn."""
        return self._counts[address]

    async def take(self, address: str) -> ExitStack:
        """Waits for a turn. Closing what is returned ends it; once more does no harm."""
        turn = ExitStack()
        self._counts[address] += 1
        turn.callback(self._leave, address)
        try:
            for semaphore in (self._lines.setdefault(address, asyncio.Semaphore(AT_ONCE)), self._everybody):
                await semaphore.acquire()
                turn.callback(semaphore.release)
        except BaseException:
            turn.close()
            raise
        return turn

    def _leave(self, address: str) -> None:
        self._counts[address] -= 1
        if not self._counts[address]:
            del self._counts[address], self._lines[address]


def _retry_after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, math.ceil(seconds)))}
