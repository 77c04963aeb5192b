"""The list of rooms: what is stored of them, and who is there. Live for whoever looks at it.

While somebody looks, the database is asked every 2 s; nothing is published for each message.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from contextvars import Context
from itertools import islice
from typing import Literal, NamedTuple, TypedDict

from django.contrib.auth.models import User
from django.db import DatabaseError, InterfaceError
from django.db.models import OuterRef, Subquery

from examplechannels.broadcast import Broadcast, broadcast, local_group
from examplechannels.questions import ask
from threechat.messages import wire_time
from threechat.models import Membership, Message, Room, Visit
from threechat.people import MAX_GUEST_NAME_CHARACTERS, Person
from threechat.presence import Presence, presence
from threechat.roster import Attendance

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
REPEAT_SECONDS = 10.0  # also without a change: a page takes silence for a dead socket
MAX_ROOMS = 50  # in a list
MAX_RECENT = 200  # rooms of which the lists of all who look are made
MAX_ALSO = 1000  # and rooms with people in them, or of which they are members
MAX_MEMBERSHIPS = 20_000  # of all who look
MAX_UNREAD = 100  # more are not counted
LAST_LINE_CHARACTERS = 80  # so that a list fits into a frame of 64 KiB


class LastLine(TypedDict):
    username: str
    type: str  # text, image, video or voice
    message: str  # of a text, else empty
    datetime: str


class RoomSummary(TypedDict):
    name: str
    count: int  # people here
    last: LastLine | None
    members_only: bool
    last_id: int


class ListedRoom(RoomSummary):
    unread: int  # messages since the last visit, at most MAX_UNREAD; 0 for who was never there


class RoomsFrame(TypedDict):
    type: Literal["rooms"]
    rooms: list[RoomSummary]


class Known(NamedTuple):
    """What the database says, for some users at once."""

    rooms: list[tuple[Room, LastLine | None]]
    members: Mapping[int, Collection[int]]  # user -> their rooms
    staff: Collection[int]  # of these users


def look_up(users: Collection[int], keys_here: Collection[str]) -> Known:
    """The rooms with the latest events, those that somebody is in, and those that `users` are members of. Blocks."""
    members: defaultdict[int, set[int]] = defaultdict(set)
    memberships = Membership.objects.filter(user__in=users).order_by("-room__last_on", "pk")
    of_members: dict[int, None] = {}  # rooms, those with the latest events first
    for user_id, room_id in memberships.values_list("user_id", "room_id")[:MAX_MEMBERSHIPS]:
        members[user_id].add(room_id)
        of_members[room_id] = None
    latest = Message.objects.filter(room=OuterRef("pk")).exclude(kind=Message.Kind.DELETED).order_by("-number")
    rooms = Room.objects.annotate(latest=Subquery(latest.values("pk")[:1])).order_by("-last_on")
    found = {room.pk: room for room in rooms[:MAX_RECENT]}
    found |= {room.pk: room for room in rooms.filter(key__in=list(keys_here)[:MAX_ALSO])}
    found |= {room.pk: room for room in rooms.filter(pk__in=list(of_members)[:MAX_ALSO])}
    lines = Message.objects.in_bulk({room.latest for room in found.values()} - {None})
    staff = User.objects.filter(pk__in=users, is_staff=True, is_active=True).values_list("pk", flat=True)
    return Known(
        [(room, _line(lines[room.latest]) if room.latest in lines else None) for room in found.values()],
        members,
        set(staff),
    )


def _line(message: Message) -> LastLine:
    return {
        "username": message.username[:MAX_GUEST_NAME_CHARACTERS],
        "type": message.kind,
        "message": message.text[:LAST_LINE_CHARACTERS],
        "datetime": wire_time(message.sent_on),
    }


def visible(known: Known, here: Mapping[str, Attendance], user_id: int | None) -> list[tuple[Room | None, RoomSummary]]:
    """The rooms that somebody may see, with most people first, then the latest; None: not stored yet."""
    own = known.members.get(user_id, ()) if user_id is not None else ()
    sees_all = user_id in known.staff
    seen: list[tuple[Room | None, RoomSummary]] = []
    for room, line in known.rooms:
        if not room.members_only or sees_all or room.pk in own:
            count = here[room.key].people if room.key in here else 0
            seen.append((room, _summary(room.name, count, line, room)))
    stored = {room.key for room, _ in known.rooms}
    asked = islice(here.items(), MAX_ALSO)  # beyond these `look_up` does not say which are for members
    seen += [(None, _summary(one.name, one.people, None, None)) for key, one in asked if key not in stored]
    seen.sort(key=lambda pair: (pair[1]["count"], pair[1]["last"]["datetime"] if pair[1]["last"] else ""), reverse=True)
    return seen[:MAX_ROOMS]


def _summary(name: str, count: int, line: LastLine | None, room: Room | None) -> RoomSummary:
    return {
        "name": name,
        "count": count,
        "last": line,
        "members_only": room.members_only if room else False,
        "last_id": room.last_id if room else 0,
    }


def rooms_listed_for(person: Person) -> list[ListedRoom]:
    """The list with what the person has not read. Blocks."""
    here = presence.attendances()
    users = [] if person.user_id is None else [person.user_id]
    seen = visible(look_up(users, here.keys()), here, person.user_id)
    read_to = dict(Visit.objects.filter(sender=person.sender).values_list("room_id", "read_to"))
    return [{**summary, "unread": _unread(room, person, read_to) if room else 0} for room, summary in seen]


def _unread(room: Room, person: Person, visits: Mapping[int, int]) -> int:
    """In a room that a person is in, in another tab or one that is just being left, everything is read."""
    read_to = visits.get(room.pk, room.last_id)
    if room.last_id <= read_to or presence.is_in(room.key, person.sender):
        return 0
    new = Message.objects.filter(room=room, number__gt=read_to).exclude(kind=Message.Kind.DELETED)
    return new[:MAX_UNREAD].count()


class Directory:
    """This process's viewers of the list. One task while there are any; belongs to the event loop."""

    def __init__(self, fan_out: Broadcast, presence: Presence) -> None:
        self._fan_out = fan_out
        self._presence = presence
        self._viewers: Counter[int | None] = Counter()  # by account; None: everybody without one
        self._shown: dict[int | None, RoomsFrame] = {}
        self._leaving = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def enter(self, user_id: int | None) -> RoomsFrame:
        """Somebody looks, through `group(user_id)`; returns what they see first."""
        self._viewers[user_id] += 1
        self._presence.watch()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="directory", context=Context())
        frame = (await self._frames([user_id]))[user_id]
        self._shown.setdefault(user_id, frame)
        return frame

    def leave(self, user_id: int | None) -> None:
        self._presence.unwatch()
        self._viewers[user_id] -= 1
        self._viewers = +self._viewers
        if not self._viewers:
            self._leaving.set()

    @staticmethod
    def group(user_id: int | None) -> str:
        return local_group(f"chat.rooms.{user_id or ''}")

    async def _run(self) -> None:
        shown_at = asyncio.get_running_loop().time()
        try:
            while self._viewers:
                self._leaving.clear()
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._leaving.wait()
                    continue
                except TimeoutError:
                    pass
                everything = asyncio.get_running_loop().time() - shown_at >= REPEAT_SECONDS
                if everything:
                    shown_at = asyncio.get_running_loop().time()
                try:
                    await self._show(everything)
                except (DatabaseError, InterfaceError) as error:
                    logger.warning("The rooms could not be looked up: %s", error)
                except Exception:
                    logger.exception("The list of rooms was not shown")
        finally:
            self._task = None
            self._shown = {}

    async def _show(self, everything: bool) -> None:
        """Sends what changed since it was shown last, or everything."""
        frames = await self._frames(list(self._viewers))
        before, self._shown = self._shown, frames
        for user_id, frame in frames.items():
            if everything or before.get(user_id) != frame:
                await self._fan_out.send_here(self.group(user_id), frame)

    async def _frames(self, viewers: Collection[int | None]) -> dict[int | None, RoomsFrame]:
        here = self._presence.attendances()
        users = [user_id for user_id in viewers if user_id is not None]
        known = await ask(lambda: look_up(users, here.keys()), urgent=True)
        return {
            user_id: {"type": "rooms", "rooms": [summary for _, summary in visible(known, here, user_id)]}
            for user_id in viewers
        }


directory = Directory(broadcast, presence)
