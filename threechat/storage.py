"""Stores messages, numbered without holes. Every function blocks."""

from datetime import UTC, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from examplechannels.close_codes import NOT_A_MEMBER
from threechat.access import Barred, check_entrance
from threechat.drafts import Draft
from threechat.media.keeping import forget_unshown
from threechat.messages import MEDIA_PREFIX
from threechat.models import Media, Message, Room
from threechat.people import Person
from threechat.pins import pin_readers
from threechat.rooms import RoomName
from two.models import Alarm
from two.moments import is_known_moment


class ReadOnly(Exception):
    """Nobody writes in this room any more."""


class ClientIdTaken(Exception):
    """Somebody else's message in this room has this `client_id`."""


class NoSuchMoment(Exception):
    """What a message is about is not there."""


class Stored(NamedTuple):
    message: Message
    room: Room
    is_new: bool  # False: it was there already, under the same `client_id`
    readers: tuple[str, ...] | None = None  # the accounts that may see its pin; None: everybody

    @property
    def created_room(self) -> bool:
        """Whether it is the room's first message; staff may have stored the room before."""
        return self.is_new and self.message.number == 1


def store(where: RoomName, room_id: int | None, person: Person, draft: Draft, media: Media | None = None) -> Stored:
    """Stores a message, or finds it by its `client_id`. The room is the one with `room_id`, else that named `where`.

    Raises:
        Barred: the person may not enter, or the room was deleted.
        ReadOnly, ClientIdTaken, NoSuchMoment: see there.
    """
    with transaction.atomic(durable=True):
        room = locked_or_new(where, room_id)
        check_entrance(room, person.user_id)
        if known := find_sent(room, person, draft.client_id):
            return Stored(known, room, is_new=False)
        if room.read_only:
            raise ReadOnly
        if draft.about and not is_known_moment(draft.about["device"], draft.about["metric"], draft.about["at"]):
            raise NoSuchMoment
        if media and media.pk is None:
            media.save()
        return add_message(room, person, draft, media)


def add_message(
    room: Room,
    person: Person,
    draft: Draft,
    media: Media | None = None,
    alarm: Alarm | None = None,
    alarm_state: str = "",
) -> Stored:
    """Gives a message of a locked room its number. In a transaction."""
    now = datetime.now(UTC)
    _take_number(room, now)
    message = Message.objects.create(
        room=room,
        number=room.last_id,
        kind=media.kind if media else Message.Kind.TEXT,
        text=draft.text,
        media=media,
        user_id=person.user_id,
        username=person.name,
        guest=person.guest,
        sender=person.sender,
        has_session=person.has_session,
        client_id=draft.client_id or None,
        sent_on=now,
        about_device=draft.about["device"] if draft.about else "",
        about_metric=draft.about["metric"] if draft.about else "",
        about_at=draft.about["at"] if draft.about else None,
        alarm=alarm,
        alarm_state=alarm_state,
    )
    return Stored(message, room, is_new=True, readers=pin_readers(room) if draft.about else None)


def find_sent(room: Room, person: Person, client_id: str | None) -> Message | None:
    """What this person sent under this `client_id` before.

    Raises:
        ClientIdTaken: it was somebody else.
    """
    if not client_id:
        return None
    sent = Message.objects.filter(room=room, client_id=client_id)
    if not sent.exists():  # nearly always, and a third of the price of asking for the row
        return None
    known = sent.select_related("media").get()
    is_same = known.sender == person.sender or (
        not known.has_session and not person.has_session and known.username == person.name
    )
    if not is_same:
        raise ClientIdTaken
    return known


def delete_message(room_id: int, number: int) -> Message | None:
    """Takes a message's content away: it becomes the event of its deletion. None: no such message."""
    with transaction.atomic():
        room = _locked(Room.objects.filter(pk=room_id))
        message = Message.objects.filter(room=room_id, number=number).exclude(kind=Message.Kind.DELETED).first()
        if room is None or message is None:
            return None
        _take_number(room, datetime.now(UTC))
        media_id = message.media_id
        message.deletes, message.number = number, room.last_id
        message.kind, message.text, message.media = Message.Kind.DELETED, "", None
        message.about_device, message.about_metric, message.about_at = "", "", None
        message.alarm, message.alarm_state = None, ""
        message.save()
        if media_id:
            forget_unshown(media_id)
    return message


def locked_or_new(where: RoomName, room_id: int | None) -> Room:
    """
    Raises:
        Barred: the room with this id was deleted.
    """
    found = Room.objects.filter(key=where.key) if room_id is None else Room.objects.filter(pk=room_id)
    room = _locked(found)
    if room is None and room_id is None:
        # Of several who write first one wins; signals are for what staff do.
        Room.objects.bulk_create([Room(name=where.name, key=where.key)], ignore_conflicts=True)
        room = _locked(found)
    if room is None:
        raise Barred(NOT_A_MEMBER)
    return room


def _locked(rooms: "QuerySet[Room]") -> Room | None:
    """The row, which no other transaction changes until this one has ended (SQLite: no other writes at all)."""
    return rooms.select_for_update().first()


def _take_number(room: Room, now: datetime) -> None:
    room.last_id += 1
    room.last_on = now
    Room.objects.filter(pk=room.pk).update(last_id=room.last_id, last_on=now)


def own_file(person: Person, url: str) -> Media:
    """
    Raises:
        Media.DoesNotExist: no file of this URL was uploaded by this person.
    """
    return Media.objects.get(name=url.removeprefix(MEDIA_PREFIX), sender=person.sender)
