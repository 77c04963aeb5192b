"""Chat frames in and out (docs/protocol.md, Chat). Knows no socket."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from django.utils.translation import gettext as _

from threechat.people import Person

MAX_TEXT_CHARACTERS = 4000
MAX_CLIENT_ID_CHARACTERS = 64
DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
UNSENDABLE = re.compile("[\x00\ud800-\udfff]")  # NUL, and halves of characters that UTF-8 cannot hold


class MessageFrame(TypedDict):
    type: Literal["text"]
    message: str
    username: str
    user: str
    guest: bool
    sender: str
    datetime: str  # ISO 8601, UTC
    client_id: NotRequired[str]


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
    """A message as its sender wrote it."""

    text: str
    username: str | None
    client_id: str | None


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
            raise ClientError("upload-over-http", _("Media do not go over this socket."), client_id)
    raise ClientError("unknown-type", _("`type` is text or typing."), client_id)


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
        raise ClientError("upload-over-http", _("Media do not go over this socket."), client_id)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ClientError("too-long", _("A message has at most 4,000 characters."), client_id)
    return text


def message_frame(draft: Draft, person: Person, now: datetime) -> MessageFrame:
    """What every viewer of the room gets; `now` is aware, in UTC."""
    frame: MessageFrame = {
        "type": "text",
        "message": draft.text,
        "username": person.name,
        "user": person.name,
        "guest": person.guest,
        "sender": person.sender,
        "datetime": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if draft.client_id:
        frame["client_id"] = draft.client_id
    return frame
