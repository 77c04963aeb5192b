"""Looks again and again whether those who came in may stay: at once when told so, else every 30 s.

Each process looks after its own sockets, with one question for many of them. What changed travels to all processes as
an event to one group.
"""

import asyncio
import json
import logging
from contextvars import Context
from typing import Any, Protocol, TypedDict

from examplechannels.broadcast import Broadcast
from examplechannels.close_codes import LOG_IN
from examplechannels.complaints import Complaints
from examplechannels.outlet import SendFrame
from examplechannels.questions import ask
from examplechannels.sessions import RECHECKS_GROUP, session_digest

complaints = Complaints(logging.getLogger(__name__))

RECHECK_SECONDS = 30.0
RETRY_SECONDS = 1.0
BATCH_SOCKETS = 2_000  # SQLite takes 32,766 parameters


class Changed(TypedDict, total=False):
    """What changed: the sockets whose badges have all of these values are looked at."""

    room_id: int
    room_key: str  # with `room_id`: the room was just stored
    user_id: int
    logged_out: str  # a session, see `session_digest`: this one ends at once


class Guarded(Protocol):
    """A socket, with what it was let in with."""

    badge: Any

    async def expel(self, code: int) -> None: ...


class Rechecks:
    """Sockets of this process. One task while there are any; belongs to the event loop."""

    def __init__(self, fan_out: Broadcast) -> None:
        self._fan_out = fan_out
        self._sockets: set[Guarded] = set()
        self._due: set[Guarded] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def looked_up(self, badges: list[Any]) -> list[tuple[int, Any]]:
        """For each badge the code to close with, 0: may stay, and the badge from now on. Blocks."""
        raise NotImplementedError

    def is_about(self, badge: Any, changed: dict[str, Any]) -> bool:
        if digest := changed.get("logged_out"):
            key = getattr(badge, "session_key", None)
            return key is not None and session_digest(key) == digest
        return all(getattr(badge, key, None) == value for key, value in changed.items())

    async def add(self, socket: Guarded) -> None:
        """From now on `socket` hears of changes; its own first check comes after this."""
        self._sockets.add(socket)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="rechecks", context=Context())
        await self._fan_out.group_add(RECHECKS_GROUP, self)  # each waits until the process is in the group

    def look_at(self, socket: Guarded) -> None:
        """Has it looked at now: of what changed after it got its badge and before `add`, it did not hear."""
        self._due.add(socket)
        self._wake.set()

    def discard(self, socket: Guarded) -> None:
        self._sockets.discard(socket)
        self._due.discard(socket)
        if not self._sockets:
            self._wake.set()

    def tell(self, changed: Changed) -> None:
        """Has every process look at the sockets that this is about."""
        self._fan_out.publish(RECHECKS_GROUP, changed)

    # A viewer of RECHECKS_GROUP

    def deliver(self, message: SendFrame) -> None:
        changed = json.loads(message["text"])
        about = {socket for socket in self._sockets if self.is_about(socket.badge, changed)}
        if "logged_out" in changed:
            for socket in about:
                self._expel(socket, LOG_IN)
            return
        self._due |= about
        self._wake.set()

    def catch_up(self) -> None:
        self._due |= self._sockets
        self._wake.set()

    async def _run(self) -> None:
        try:
            while self._sockets:
                try:
                    async with asyncio.timeout(RECHECK_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    self.catch_up()
                self._wake.clear()
                due, self._due = list(self._due), set()
                try:
                    for first in range(0, len(due), BATCH_SOCKETS):
                        await self._check(due[first : first + BATCH_SOCKETS])
                except Exception as error:  # a mistake of ours too: without this task nobody is looked at
                    complaints.say("Who may stay could not be looked up: %r", error)
                    self._due |= self._sockets.intersection(due)
                    await asyncio.sleep(RETRY_SECONDS)
                    self._wake.set()
        finally:
            self._task = None
            self._wake.clear()
            await self._fan_out.group_discard(RECHECKS_GROUP, self)

    async def _check(self, due: list[Guarded]) -> None:
        badges = [socket.badge for socket in due]
        found = await ask(lambda: self.looked_up(badges), urgent=True)
        for socket, badge, (code, new_badge) in zip(due, badges, found, strict=True):
            if socket not in self._sockets:
                continue
            if code:
                self._expel(socket, code)
            elif new_badge != badge:
                socket.badge = new_badge

    def _expel(self, socket: Guarded, code: int) -> None:
        # Not waited for: a peer that reads nothing must not keep the others in.
        closing = asyncio.create_task(socket.expel(code), name="expel", context=Context())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
