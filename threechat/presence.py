"""Keeps every process's roster right, and the pages with it.

Each process tells the others of its own people: when they change (at most once a second), and every 10 s, so
that a process that died is forgotten after 25 s. None of it touches the database.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from uuid import uuid4

from examplechannels.broadcast import Broadcast, broadcast, local_group
from examplechannels.outlet import SendFrame
from threechat.people import Person
from threechat.rooms import RoomName
from threechat.roster import Attendance, PresenceFrame, Roster

logger = logging.getLogger(__name__)

REPORTS_GROUP = "chat.presence"
REPORT_SECONDS = 10.0
CHANGE_SECONDS = 1.0


def presence_group(room: RoomName) -> str:
    """This process's viewers of a room who asked for presence."""
    return local_group(f"chat.{room.key}")


class Presence:
    """One task while this process has a viewer of chat, which reports, listens, and shows changes."""

    def __init__(self, fan_out: Broadcast, clock: Callable[[], float] = time.monotonic) -> None:
        self._fan_out = fan_out
        self._clock = clock
        self._process = uuid4().hex
        self._roster = Roster()
        self._viewers = 0
        self._shown: dict[str, object] = {}
        self._news_of_ours = self._newcomer = False
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """A viewer came, in a room or at the list of rooms."""
        self._viewers += 1
        if self._task is None:
            self._newcomer = True
            self._task = asyncio.create_task(self._run(), name="presence", context=Context())

    def unwatch(self) -> None:
        self._viewers -= 1
        self._changed.set()

    def enter(self, room: RoomName, socket: object, person: Person) -> None:
        """Somebody is in a room, or took another name there."""
        if self._roster.enter(room, socket, person):
            self._tell()

    def leave(self, room: RoomName, socket: object) -> None:
        self._roster.leave(room, socket)
        self._tell()

    def frame(self, room: RoomName) -> PresenceFrame:
        return self._roster.presence(room, self._clock())

    def is_in(self, key: str, sender: str) -> bool:
        """Whether a person is in a room now."""
        return self._roster.is_in(key, sender, self._clock())

    def attendances(self) -> dict[str, Attendance]:
        """By key, the rooms that somebody is in, in whatever process."""
        return self._roster.attendances(self._clock())

    # A viewer of REPORTS_GROUP

    def deliver(self, message: SendFrame) -> None:
        report = json.loads(message["text"])
        if not is_report(report):
            logger.warning("a report of presence in another shape was ignored")
        elif report["process"] != self._process:
            self._roster.hear(report["process"], report["rooms"], self._clock())
            self._news_of_ours |= report["newcomer"]
            self._changed.set()

    def catch_up(self) -> None:
        self._newcomer = True
        self._tell()

    def _tell(self) -> None:
        self._news_of_ours = True
        self._changed.set()

    async def _run(self) -> None:
        reported_at = shown_at = self._clock() - REPORT_SECONDS
        try:
            await self._fan_out.group_add(REPORTS_GROUP, self)
            while self._viewers:
                self._changed.clear()
                self._roster.forget_silent(self._clock())
                if self._news_of_ours or self._clock() - reported_at >= REPORT_SECONDS:
                    self._report()
                    reported_at = self._clock()
                # Once in a while also what did not change: a page takes silence for a dead socket.
                everything = self._clock() - shown_at >= REPORT_SECONDS
                if everything:
                    shown_at = self._clock()
                try:
                    await self._show(everything)
                except Exception:
                    logger.exception("presence was not shown")
                await asyncio.sleep(CHANGE_SECONDS)
                due_at = min(reported_at + REPORT_SECONDS, shown_at + REPORT_SECONDS, self._roster.silent_at())
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, due_at - self._clock())):
                        await self._changed.wait()
            self._report()
        finally:
            self._task = None
            self._shown.clear()
            await self._fan_out.group_discard(REPORTS_GROUP, self)

    def _report(self) -> None:
        rooms = self._roster.report() if self._viewers else {}
        self._fan_out.publish(REPORTS_GROUP, {"process": self._process, "newcomer": self._newcomer, "rooms": rooms})
        self._news_of_ours = self._newcomer = False

    async def _show(self, everything: bool) -> None:
        """Sends what changed since it was shown last, or everything."""
        frames: dict[str, object] = {presence_group(room): self.frame(room) for room in self._roster.local_rooms()}
        for group, payload in frames.items():
            if everything or self._shown.get(group) != payload:
                await self._fan_out.send_here(group, payload)
        self._shown = frames


def is_report(report: object) -> bool:
    """Whether another process, perhaps of another version, speaks as this one does."""
    match report:
        case {"process": str(), "newcomer": bool(), "rooms": dict(rooms)}:
            return all(map(is_room_report, rooms.values()))
    return False


def is_room_report(room: object) -> bool:
    match room:
        case {"name": str(), "people": dict(), "more": int()}:
            return True
    return False


presence = Presence(broadcast)
