"""What clients send into a room (docs/protocol.md, Chat), and the errors that answer it. Knows no socket."""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from threechat.messages import MEDIA_PREFIX, About
from threechat.models import MAX_CLIENT_ID_CHARACTERS

MAX_TEXT_CHARACTERS = 4000
DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
UNSENDABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and surrogates, which PostgreSQL and UTF-8 do not hold


class ErrorFrame(TypedDict):
    type: Literal["error"]
    code: str
    detail: str
    message: str
    username: str
    client_id: NotRequired[str]


class ClientError(Exception):
    """A sender's mistake: answered with an error frame, and nothing else happens.

    It may be found in a thread that knows nobody's language: `detail` is in that of whoever answers.
    """

    def __init__(self, code: str, detail: str | Promise, client_id: str | None = None) -> None:
        super().__init__(detail)
        self.code, self.client_id = code, client_id

    @property
    def detail(self) -> str:
        return str(self)

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
    about: About | None = None


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
            text = _checked(_text(frame, "message", "content"), client_id)
            return Draft(text, username, client_id, about=about_of(frame.get("about"), client_id))
        case "typing":
            return Typing(username)
        case "image" | "video" | "voice":
            media_url = _text(frame, "media_url")
            if media_url is None or not media_url.startswith(MEDIA_PREFIX):
                raise upload_over_http(client_id)
            return Draft("", username, client_id, media_url, about_of(frame.get("about"), client_id))
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


def about_in(text: str | None, client_id: str | None) -> About | None:
    """Of a form's field, which holds it as JSON.

    Raises:
        ClientError: it is no moment.
    """
    try:
        return about_of(json.loads(text) if text else None, client_id)
    except (ValueError, RecursionError):
        raise _no_moment(client_id) from None


def about_of(moment: Any, client_id: str | None) -> About | None:
    """The moment in a frame, as it is written; whether there is such a one the database says (two/moments.py).

    Raises:
        ClientError: it is no moment.
    """
    match moment:
        case None:
            return None
        case {"device": str(device), "metric": str(metric), "at": int(at)} if not isinstance(at, bool):
            return {"device": UNSENDABLE.sub("\ufffd", device), "metric": UNSENDABLE.sub("\ufffd", metric), "at": at}
    raise _no_moment(client_id)


def _no_moment(client_id: str | None) -> ClientError:
    detail = _('`about` is {"device": "…", "metric": "…", "at": <Unix milliseconds>}.')
    return ClientError("bad-about", detail, client_id)


def no_such_moment(client_id: str | None) -> ClientError:
    return ClientError("bad-about", _("There is no such device, metric or time."), client_id)


def read_only(client_id: str | None) -> ClientError:
    return ClientError("read-only", _("This room is read-only."), client_id)


def client_id_taken(client_id: str | None) -> ClientError:
    return ClientError("client-id-taken", _("Somebody else used this `client_id` here."), client_id)


def too_fast(client_id: str | None) -> ClientError:
    return ClientError("too-fast", _("You send too fast; wait a second."), client_id)


def upload_over_http(client_id: str | None) -> ClientError:
    detail = _("Files go to /chat/<room>/media/ with POST; `media_url` is one that you uploaded.")
    return ClientError("upload-over-http", detail, client_id)
