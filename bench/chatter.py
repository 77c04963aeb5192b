"""Guests who fill a chat room with long messages, each stamped with its time."""

import asyncio
import json
import re
import time
from types import TracebackType
from typing import Self

from .client import Viewer
from .load import Crowd
from .people import ERROR
from .servers import Server

PATH = "/ws/chat/bench/"
GUESTS = 12
PER_GUEST_PER_SECOND = 9.0
CHARACTERS = 4_000
SENT = re.compile(rb'"sent (\d+\.\d+) ')


class GuestSocket(Viewer):
    """A sender; what the server refused is kept."""

    refusals: int = 0

    def on_text(self, payload: bytes) -> bool:
        if ERROR in payload:
            self.refusals += 1
        return False  # nothing to remember: chat frames differ


class Chatter:
    """Talks from `async with` until its end."""

    def __init__(self, server: Server) -> None:
        self.crowd = Crowd(server, PATH, GuestSocket)
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for number in range(GUESTS):
            guest = await self.crowd.open_one()
            talk = self._talk(guest, number)
            self.tasks.append(asyncio.create_task(talk))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.crowd.leave()

    def describe(self) -> str:
        rate = GUESTS * PER_GUEST_PER_SECOND
        refused = sum(g.refusals for g in self.crowd.viewers if isinstance(g, GuestSocket))
        said = f"{rate:.0f} messages of {CHARACTERS:,} characters a second"
        return f"{said}, {refused} refused" if refused else said

    @staticmethod
    def sent_at(frame: bytes) -> float:
        """Unix time (s) at which the message in `frame` was sent; 0 without one."""
        found = SENT.search(frame)
        return float(found.group(1)) if found else 0.0

    async def _talk(self, guest: Viewer, number: int) -> None:
        period = 1 / PER_GUEST_PER_SECOND
        await asyncio.sleep(period * number / GUESTS)
        while not guest.transport.is_closing():
            head = f"sent {time.time():.6f} "
            message = head + "x" * (CHARACTERS - len(head))
            guest.send_text(json.dumps({"message": message, "username": f"bench-{number}"}))
            await asyncio.sleep(period)
