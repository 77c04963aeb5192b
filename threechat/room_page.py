"""What the page of a room begins with; the page of a device shows the same beside its chart."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from examplechannels.close_codes import LOG_IN
from threechat.access import Barred, check_entrance
from threechat.history import latest
from threechat.models import Room
from threechat.people import GUEST_KEY, identify, new_guest
from threechat.presence import presence
from threechat.rooms import RoomName, device_of, room_named
from two.alarms.wire import room_of


def find_room(name: str) -> tuple[RoomName, Room | None]:
    """The room of a name; None where nobody has written in it yet. Blocks.

    Raises:
        BadRoomName: no room can have this name.
    """
    named = room_named(name)
    return named, Room.objects.filter(key=named.key).first()


def room_page(request: HttpRequest, named: RoomName, stored: Room | None) -> dict[str, Any]:
    """The context of `_room.html`. A guest gets a name that lasts as long as the session. Blocks.

    Raises:
        Barred: this visitor may not enter.
    """
    check_entrance(stored, request.user.pk)
    if not request.user.is_authenticated and GUEST_KEY not in request.session:
        request.session[GUEST_KEY] = new_guest()
    person = identify(request.user, request.session)
    shown = stored.name if stored else named.name
    said = latest(stored)
    return {
        "room": shown,
        "room_id": stored.pk if stored else None,
        "socket_path": f"/ws/chat/room/{stored.pk}/" if stored else f"/ws/chat/{quote(shown)}/",
        "sender": person.sender,
        "username": person.name,
        "is_guest": person.guest,
        "is_staff": request.user.is_staff,
        "read_only": bool(stored and stored.read_only),
        "members_only": bool(stored and stored.members_only),
        "messages": said.messages,
        "rows": said.rows(person.sender),
        "have": said.have,
        "more": said.more,
        "count": presence.frame(named)["count"],
        "max_upload": settings.MAX_UPLOAD_BYTES,
        "device_url": _device_url(shown),
    }


def device_room(request: HttpRequest, slug: str) -> dict[str, Any]:
    """The same of the room that belongs to a device; no `room`, but `needs_login`, where this visitor may not enter it.

    Blocks.
    """
    if settings.LOGIN_REQUIRED and not request.user.is_authenticated:
        return {"room": "", "needs_login": True}  # a wall: it looks with a view token, which opens no room
    try:
        return room_page(request, *find_room(room_of(slug)))
    except Barred as barred:
        return {"room": "", "needs_login": barred.code == LOG_IN}


def _device_url(room: str) -> str:
    """The page of the device whose room this is, or ""."""
    slug = device_of(room)
    return reverse("device", kwargs={"device": slug}) if slug else ""
