"""What somebody sends: stored first, then told to everybody in the room."""

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from examplechannels.broadcast import broadcast
from threechat.drafts import ClientError, Draft, client_id_taken, no_such_moment, read_only, upload_over_http
from threechat.limits import new_rooms
from threechat.messages import MessageFrame, message_frame, room_frame
from threechat.models import Media, Message
from threechat.people import NameTaken, Person, named
from threechat.pins import pin_event
from threechat.rechecks import rechecks
from threechat.rooms import RoomName, events_group, messages_group
from threechat.storage import ClientIdTaken, NoSuchMoment, ReadOnly, Stored, own_file, store
from threechat.writer import writer
from two.live import PINS


class Posted(NamedTuple):
    frame: MessageFrame
    room_id: int
    is_new: bool  # False: it was there already, under the same `client_id`


async def go_by(person: Person, wanted: str | None, client_id: str | None = None) -> Person:
    """The person under the name that came with a frame.

    Raises:
        ClientError: the name is an account's.
    """
    try:
        return await named(person, wanted)
    except NameTaken:
        raise ClientError("name-taken", _("This name is an account's."), client_id) from None


async def post(
    where: RoomName, room_id: int | None, person: Person, draft: Draft, address: str, media: Media | None = None
) -> Posted:
    """Returns once the message is committed; a resend returns what was stored the first time, and tells it again.

    Raises:
        ClientError: the sender's mistake.
        Barred: the sender may not be in this room (any more).
        NotStored: send it again.
    """

    def act() -> Stored:
        return store(where, room_id, person, draft, own_file(person, draft.media_url) if draft.media_url else media)

    if room_id is None and address and new_rooms.of(address).wait():
        raise ClientError("too-fast", _("So many new rooms came from your address; wait a while."), draft.client_id)
    try:
        stored = await writer.write(act)
    except ReadOnly:
        raise read_only(draft.client_id) from None
    except ClientIdTaken:
        raise client_id_taken(draft.client_id) from None
    except NoSuchMoment:
        raise no_such_moment(draft.client_id) from None
    except Media.DoesNotExist:
        raise upload_over_http(draft.client_id) from None
    if stored.created_room and address:
        new_rooms.of(address).take()
    return Posted(tell(stored), stored.room.pk, stored.is_new)


def tell(stored: Stored) -> MessageFrame:
    """Publishes what was stored; returns the echo."""
    message, room = stored.message, stored.room
    frame = message_frame(message)
    if message.kind == Message.Kind.DELETED:
        # Deleted since it was sent: the echo, under the number it had, settles it; of the deletion pages hear apart.
        return {**frame, "type": Message.Kind.TEXT, "id": message.deletes or 0}
    broadcast.publish(messages_group(room.key), frame)
    if stored.is_new and message.about_at is not None:
        broadcast.publish(PINS, pin_event(message, room), stored.readers)
    if stored.created_room:
        broadcast.publish(events_group(room.key), room_frame(room.name, room))
        rechecks.tell({"room_key": room.key, "room_id": room.pk})  # those who are in it learn its id
    return frame
