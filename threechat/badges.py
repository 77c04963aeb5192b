"""What a socket was let in with, and whether that still holds."""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.contrib.auth import HASH_SESSION_KEY

from examplechannels.close_codes import LOG_IN, NOT_A_MEMBER
from examplechannels.questions import ask
from examplechannels.sessions import Account, standing
from threechat.access import RENAMED
from threechat.models import Membership, Room
from threechat.people import Person
from threechat.rooms import RoomName, room_named


class Badge(NamedTuple):
    """What a socket was let in with."""

    room_key: str
    room_id: int | None = None  # None: the room was not stored yet
    user_id: int | None = None
    session_key: str | None = None
    session_hash: str = ""  # changes with the password

    @property
    def account(self) -> Account | None:
        return None if self.user_id is None else Account(self.user_id, self.session_key, self.session_hash)


def badge_for(person: Person, session: Any, room_key: str, room_id: int | None) -> Badge:
    if person.user_id is None:
        return Badge(room_key, room_id)
    return Badge(room_key, room_id, person.user_id, session.session_key, session.get(HASH_SESSION_KEY, ""))


class Verdict(NamedTuple):
    code: int  # to close with; 0: may stay
    room: Room | None  # None: not stored yet, or not there any more


def verdicts(badges: Collection[Badge]) -> list[Verdict]:
    """Who may stay in which room, with four questions for all of them. Blocks."""
    accounts = standing({badge.account for badge in badges if badge.account})
    rooms = Room.objects.in_bulk({badge.room_id for badge in badges if badge.room_id is not None})
    by_key = Room.objects.in_bulk({badge.room_key for badge in badges if badge.room_id is None}, field_name="key")
    closed = {room.pk for room in [*rooms.values(), *by_key.values()] if room.members_only}
    members = set(
        Membership.objects.filter(room__in=closed, user__in=accounts.values()).values_list("room_id", "user_id")
    )

    def verdict(badge: Badge) -> Verdict:
        user = accounts.get(badge.account) if badge.account else None
        if badge.account and user is None:
            return Verdict(LOG_IN, None)
        room = by_key.get(badge.room_key) if badge.room_id is None else rooms.get(badge.room_id)
        if room is None:
            return Verdict(0 if badge.room_id is None else NOT_A_MEMBER, None)  # it was deleted
        if room.key != badge.room_key:
            return Verdict(RENAMED, room)
        if room.members_only and user is None:
            return Verdict(LOG_IN, room)
        if room.members_only and user and not user.is_staff and (room.pk, user.pk) not in members:
            return Verdict(NOT_A_MEMBER, room)
        return Verdict(0, room)

    return [verdict(badge) for badge in badges]


async def room_in_path(room: str = "", room_id: int | None = None) -> tuple[RoomName, int | None]:
    """The room that a socket's path names, by name or by id; 0 for an id that no room has.

    Raises:
        BadRoomName: no room can have this name.
    """
    if room_id is None:
        return room_named(room), None
    name = await ask(Room.objects.filter(pk=room_id).values_list("name", flat=True).first, urgent=True)
    return (RoomName(name), room_id) if name else (RoomName(""), 0)


async def verdict_on(badge: Badge) -> Verdict:
    return (await ask(lambda: verdicts([badge]), urgent=True))[0]
