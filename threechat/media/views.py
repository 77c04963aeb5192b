"""Files of a room: up over HTTP behind Django's CSRF, down in ranges, to who may see them."""

from typing import Any, cast

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from examplechannels.close_codes import LOG_IN
from examplechannels.doors import refusal
from examplechannels.limits import neighbourhood
from examplechannels.questions import ask
from threechat.access import Barred
from threechat.drafts import UNSENDABLE, ClientError, about_in
from threechat.media.byte_ranges import NotSatisfiable, byte_range
from threechat.media.files import STORED_NAME
from threechat.media.keeping import OverQuota, visible_file
from threechat.media.pictures import BadPicture, TooManyPixels
from threechat.media.receiving import Upload, receive
from threechat.media.signatures import CONTENT_TYPES
from threechat.media.slices import FileSlice, open_file
from threechat.media.workshop import UnsupportedMedia
from threechat.models import MAX_CLIENT_ID_CHARACTERS, Media
from threechat.people import identify
from threechat.rooms import BadRoomName, room_named
from threechat.views import not_stored, refused
from threechat.writer import NoSpace, NotStored

# Why an upload is refused (docs/protocol.md, Files): the first that fits.
REFUSALS: tuple[tuple[type[Exception], str, Any], ...] = (
    (UnsupportedMedia, "unsupported-media", _("Only pictures, videos and sound can be sent.")),
    (TooManyPixels, "too-many-pixels", _("This picture has too many pixels; make it smaller.")),
    (BadPicture, "bad-image", _("This picture is damaged, or not what it says it is.")),
    (OverQuota, "quota", ""),  # says it itself
    (NoSpace, "no-space", _("The server has no space left; try again later.")),
)
STATUSES = {
    "no-file": 400,
    "bad-about": 400,
    "bad-image": 400,
    "too-many-pixels": 400,
    "read-only": 403,
    "client-id-taken": 409,
    "name-taken": 409,
    "too-big": 413,
    "quota": 413,
    "unsupported-media": 415,
    "too-fast": 429,
    "no-space": 507,
}
RETRY_SECONDS = {"too-fast": 5, "no-space": 30}
# For a file in a tab of its own, where browsers lay it out with styles of theirs, and where a player asks for it again
# with the cookies of its origin. No script runs: none is allowed, and a sandbox allows none either.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
PLAYER_POLICY = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox allow-same-origin"
HEADERS = {
    "Accept-Ranges": "bytes",
    # Asked for again each time, though hardly sent again: a file ends with its last message, and with a membership.
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class BadUpload(Exception):
    """Not a form with a file that is kept here."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@require_POST
async def upload(request: HttpRequest, room: str) -> HttpResponse:
    """`POST /chat/<room>/media/`: 201 and the message; 200 where this `client_id` was sent before."""
    try:
        received = await receive(await ask(lambda: _upload(request, room)))
    except Barred as barred:
        return refused(barred)
    except (BadUpload, ClientError) as error:
        return _refusal(error.code, error.detail)
    except tuple(kind for kind, _code, _detail in REFUSALS) as error:
        code, detail = next((code, detail) for kind, code, detail in REFUSALS if isinstance(error, kind))
        return _refusal(code, str(detail or error))
    except (NotStored, DatabaseError, InterfaceError):
        return not_stored()
    return JsonResponse(received.frame, status=201 if received.is_new else 200)


def _upload(request: HttpRequest, room: str) -> Upload:
    """What came, and from whom. Blocks.

    Raises:
        Http404: no room can have this name.
        Barred: a guest who has no session; a page gives one.
        BadUpload: there is no file, or too much of it.
        ClientError: what it is about is no moment.
    """
    try:
        where = room_named(room)
    except BadRoomName:
        raise Http404(_("No such room.")) from None
    person = identify(request.user, request.session)
    if not person.has_session:
        raise Barred(LOG_IN)
    file = request.FILES.get("file")
    if file is None or not file.size:
        raise BadUpload("no-file", str(_("The form's field `file` holds it, and it is empty or missing.")))
    if file.size > settings.MAX_UPLOAD_BYTES:
        detail = _("A file is at most %(bytes)d bytes.") % {"bytes": settings.MAX_UPLOAD_BYTES}
        raise BadUpload("too-big", str(detail))
    sent_id = UNSENDABLE.sub("\ufffd", request.POST.get("client_id", ""))
    client_id = sent_id if 1 <= len(sent_id) <= MAX_CLIENT_ID_CHARACTERS else None
    return Upload(
        where=where,
        person=person,
        username=request.POST.get("username"),
        client_id=client_id,
        address=neighbourhood(request.META.get("REMOTE_ADDR") or ""),
        file=cast(Any, file),
        size=file.size,
        declared=file.content_type or "",
        title=file.name or "",
        about=about_in(request.POST.get("about"), client_id),
    )


def _refusal(code: str, detail: str) -> JsonResponse:
    wait = RETRY_SECONDS.get(code)
    return refusal(STATUSES[code], code, detail, {"Retry-After": str(wait)} if wait else None)


@require_safe
async def media_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """`GET /chat/media/<name>`: the file or a range of it; 404 also for who may not see it."""
    media = await ask(lambda: visible_file(name, request.user)) if STORED_NAME.fullmatch(name) else None
    if media is None:
        raise Http404(_("No such file."))
    etag = f'"{name}"'  # what is behind a name never changes
    answer: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if answer is None:
        answer = await _answer(request, name, etag)
        answer["Content-Type"] = CONTENT_TYPES[name.rpartition(".")[2]]
        answer["Content-Disposition"] = content_disposition_header(False, _download_name(name, media)) or "inline"
    answer["ETag"] = etag
    answer["Content-Security-Policy"] = PICTURE_POLICY if media.kind == Media.Kind.IMAGE else PLAYER_POLICY
    for header, value in HEADERS.items():
        answer[header] = value
    return answer


async def _answer(request: HttpRequest, name: str, etag: str) -> HttpResponseBase:
    if settings.MEDIA_ACCEL:  # nginx sends the file, in ranges too, from the location of this name
        return HttpResponse(headers={"X-Accel-Redirect": f"{settings.MEDIA_ACCEL}{name[:2]}/{name}"})
    try:
        file, size = await open_file(name)
    except FileNotFoundError:
        raise Http404(_("No such file.")) from None
    wanted = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        wanted = ""
    try:
        part = byte_range(wanted, size)
    except NotSatisfiable:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    first, end = part or (0, size)
    headers = {"Content-Length": str(end - first)}
    if part:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    if request.method == "HEAD":
        file.close()
        return HttpResponse(status=206 if part else 200, headers=headers)
    return StreamingHttpResponse(FileSlice(file, first, end), status=206 if part else 200, headers=headers)


def _download_name(name: str, media: Media) -> str:
    """What the sender called it, with an extension that is true."""
    extension = f".{name.rpartition('.')[2]}"
    title = media.title or name.partition(".")[0]
    return title if title.lower().endswith(extension) else f"{title}{extension}"
