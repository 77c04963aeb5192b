"""Chat frames in and out (docs/protocol.md, Chat). Knows no socket."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NotRequired, TypedDict

from django.utils.translation import gettext as _

from threechat.models import Media, Message, Room

MAX_TEXT_CHARACTERS = 4000
MAX_CLIENT_ID_CHARACTERS = 64
DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
MEDIA_URL = "/chat/media/"
UNSENDABLE = re.compile("[\x00\ud800-\udfff]")  # NUL, and halves of characters that UTF-8 cannot hold


class MediaInfo(TypedDict):
    title: str  # what the sender called the file; may be empty
    width: int | None  # pixels
    height: int | None
    thumbnail: str | None  # its URL
    size: int  # bytes


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


class DeletedFrame(TypedDict):
    type: Literal["deleted"]
    id: int
    message_id: int


class RoomFrame(TypedDict):
    type: Literal["room"]
    room: int | None  # its number for `ws/chat/room/<id>/`; None until its first message
    name: str
    read_only: bool
    members_only: bool
    last_id: int


class ErrorFrame(TypedDict):
    type: Literal["error"]
    code: str
    detail: str
    message: str
    username: str
    client_id: NotRequired[str]


class ClientError(Exception):
    """A sender's mistake: answered with an error frame, and nothing else happens."""

    def __init__(self, code: str, detail: str, client_id: str | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.client_id = code, detail, client_id

    def frame(self) -> ErrorFrame:
        frame: ErrorFrame = {
            "type": "error",
            "code": self.code,
            "detail": self.detail,
            "message": self.detail,
            "username": "server",
        }
        if self.client_id:
            frame["client_id"] = self.client_id
        return frame


@dataclass(frozen=True)
class Typing:
    """Somebody is writing."""

    username: str | None


@dataclass(frozen=True)
class Draft:
    """A message as its sender wrote it: a text, or the URL of a file uploaded before."""

    text: str
    username: str | None = None
    client_id: str | None = None
    media_url: str | None = None


def parse(text_data: str | None) -> Draft | Typing:
    """What a client sent; None stands for a binary frame.

    Raises:
        ClientError: it is no message, with the reason.
    """
    frame = _json_object(text_data)
    client_id = _text(frame, "client_id")
    if client_id is not None and len(client_id) > MAX_CLIENT_ID_CHARACTERS:
        client_id = None
    username = _text(frame, "username", "user_name")
    match frame.get("type", "text"):
        case "text":
            return Draft(_checked(_text(frame, "message", "content"), client_id), username, client_id)
        case "typing":
            return Typing(username)
        case "image" | "video" | "voice":
            media_url = _text(frame, "media_url")
            if media_url is None or not media_url.startswith(MEDIA_URL):
                raise upload_over_http(client_id)
            return Draft("", username, client_id, media_url)
    raise ClientError("unknown-type", _("`type` is text, image, video, voice or typing."), client_id)


def _json_object(text_data: str | None) -> dict[str, Any]:
    if text_data is None:
        raise ClientError("not-json", _("A frame is JSON text, not binary."))
    try:
        frame = json.loads(text_data)
    except (ValueError, RecursionError):
        raise ClientError("not-json", _("This frame is not JSON.")) from None
    if not isinstance(frame, dict):
        raise ClientError("not-an-object", _('A frame is a JSON object such as {"message": "hi"}.'))
    return frame


def _text(frame: dict[str, Any], *keys: str) -> str | None:
    """The first of `keys` that holds text."""
    found = next((frame[key] for key in keys if isinstance(frame.get(key), str)), None)
    return None if found is None else UNSENDABLE.sub("\ufffd", found)


def _checked(text: str | None, client_id: str | None) -> str:
    if text is None or not text.strip():
        raise ClientError("no-text", _("`message` holds the text, and it is empty or missing."), client_id)
    if DATA_URL.match(text):
        raise upload_over_http(client_id)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ClientError("too-long", _("A message has at most 4,000 characters."), client_id)
    return text


def too_fast(client_id: str | None) -> ClientError:
    return ClientError("too-fast", _("You send too fast; wait a second."), client_id)


def upload_over_http(client_id: str | None) -> ClientError:
    detail = _("Files go to /chat/<room>/media/ with POST; `media_url` is one that you uploaded.")
    return ClientError("upload-over-http", detail, client_id)


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
    return f"{MEDIA_URL}{name}"


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
