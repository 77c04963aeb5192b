"""What a room's viewers get (docs/protocol.md, Chat). Knows no socket."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Literal, NotRequired, TypedDict

from threechat.models import Media, Message, Room

MEDIA_PREFIX = "/chat/media/"


class MediaInfo(TypedDict):
    title: str  # what the sender called the file; may be empty
    width: int | None  # pixels
    height: int | None
    thumbnail: str | None  # its URL
    size: int  # bytes


class About(TypedDict):
    """A moment of a metric."""

    device: str
    metric: str
    at: int  # Unix milliseconds


class AlarmInfo(TypedDict):
    id: int | None  # None: its rule was deleted
    state: str  # raised, cleared or acknowledged


class MessageFrame(TypedDict):
    id: int  # 1, 2, 3, … in its room
    type: str  # text, image, video or voice
    message: str  # the text, or the file's URL
    username: str
    user: str
    guest: bool
    sender: str
    datetime: str  # ISO 8601, UTC
    client_id: NotRequired[str]
    media: NotRequired[MediaInfo]
    about: NotRequired[About]
    alarm: NotRequired[AlarmInfo]


class DeletedFrame(TypedDict):
    type: Literal["deleted"]
    id: int
    message_id: int


class RoomFrame(TypedDict):
    type: Literal["room"]
    room: int | None  # its id, for `ws/chat/room/<id>/`; None until its first message
    name: str
    read_only: bool
    members_only: bool
    last_id: int


def frame_of(message: Message) -> MessageFrame | DeletedFrame:
    """What every viewer of the room gets, now and from history."""
    if message.kind == Message.Kind.DELETED:
        return {"type": "deleted", "id": message.number, "message_id": message.deletes or 0}
    return message_frame(message)


def message_frame(message: Message) -> MessageFrame:
    media = message.media
    frame: MessageFrame = {
        "id": message.number,
        "type": message.kind,
        "message": file_url(media.name) if media else message.text,
        "username": message.username,
        "user": message.username,
        "guest": message.guest,
        "sender": message.sender,
        "datetime": wire_time(message.sent_on),
    }
    if message.client_id:
        frame["client_id"] = message.client_id
    if media:
        frame["media"] = media_info(media)
    if message.about_at is not None:
        frame["about"] = {"device": message.about_device, "metric": message.about_metric, "at": message.about_at}
    if message.alarm_state:
        frame["alarm"] = {"id": message.alarm_id, "state": message.alarm_state}
    return frame


def media_info(media: Media) -> MediaInfo:
    return {
        "title": media.title,
        "width": media.width,
        "height": media.height,
        "thumbnail": file_url(media.thumbnail_name) if media.has_thumbnail else None,
        "size": media.size,
    }


def wire_time(moment: datetime) -> str:
    """ISO 8601 with milliseconds; `moment` is in UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def file_url(name: str) -> str:
    return f"{MEDIA_PREFIX}{name}"


def room_frame(name: str, room: Room | None) -> RoomFrame:
    """What a page has to know of a room; `name` is that of one that is not stored yet."""
    return {
        "type": "room",
        "room": room.pk if room else None,
        "name": room.name if room else name,
        "read_only": room.read_only if room else False,
        "members_only": room.members_only if room else False,
        "last_id": room.last_id if room else 0,
    }


@lru_cache(maxsize=256)
def number_of(text: str) -> int | None:
    """The number in a frame's text, of frames that have one. What goes to many viewers is read once."""
    number = json.loads(text).get("id")
    return number if isinstance(number, int) else None
