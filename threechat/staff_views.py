"""What staff do in a room's page; JSON, behind Django's CSRF."""

import json
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from examplechannels.doors import refusal
from threechat.changes import take_back
from threechat.drafts import UNSENDABLE
from threechat.models import Membership, Message, Room
from threechat.rooms import NAME_RULE, BadRoomName, room_named

SETTINGS = {"name": str, "read_only": bool, "members_only": bool}
MAX_LISTED_MEMBERS = 1000
View = Callable[..., HttpResponse]


class BadBody(Exception):
    """Not the JSON object that was expected."""


def for_staff(*methods: str) -> Callable[[View], View]:
    """These methods, for staff; a body that is not understood is a 400."""

    def decorate(view: View) -> View:
        @require_http_methods(list(methods))
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return refusal(401, "log-in", _("Log in first."))
            if not request.user.is_staff:
                return refusal(403, "staff-only", _("This is for staff."))
            try:
                return view(request, *args, **kwargs)
            except BadBody as error:
                return refusal(400, "bad-body", str(error))

        return guarded

    return decorate


@for_staff("DELETE")
def message(request: HttpRequest, room: str, number: int) -> HttpResponse:
    found = get_object_or_404(Message, room__key=_key(room), number=number)
    if not take_back(found):
        return refusal(404, "no-such-message", _("This message is deleted already."))
    return HttpResponse(status=204)


@for_staff("POST")
def room_settings(request: HttpRequest, room: str) -> HttpResponse:
    """Makes the room where nobody has written yet, so that it can be closed to others before."""
    changes = _body(request)
    for key, value in changes.items():
        if key not in SETTINGS or not isinstance(value, SETTINGS[key]):
            raise BadBody(_("Only `name` (text), `read_only` and `members_only` (true or false) can be changed."))
    found = _stored(room)
    for key, value in changes.items():
        setattr(found, key, value)
    try:
        found.clean()
    except ValidationError as error:
        is_taken = any(one.code == "name-taken" for one in error.error_dict["name"])
        return refusal(409 if is_taken else 400, "name-taken" if is_taken else "bad-name", error.messages[0])
    found.save(update_fields=[*changes])
    settings = {"name": found.name, "read_only": found.read_only, "members_only": found.members_only}
    return JsonResponse({"room": found.pk, **settings})


@for_staff("GET", "POST")
def members(request: HttpRequest, room: str) -> HttpResponse:
    if request.method == "GET":
        found = Room.objects.filter(key=_key(room)).first()
        people = found.members.order_by("username")[:MAX_LISTED_MEMBERS] if found else []
        listed = [{"id": user.pk, "username": user.get_username()} for user in people]
        return JsonResponse({"members": listed, "invitation": _invitation_url(request, found)})
    wanted = _body(request).get("username")
    is_name = isinstance(wanted, str) and not UNSENDABLE.search(wanted)
    user = User.objects.filter(username=wanted, is_active=True).first() if is_name else None
    if user is None:
        return refusal(404, "no-such-account", _("Nobody here has this name."))
    Membership.objects.get_or_create(room=_stored(room), user=user)
    return JsonResponse({"id": user.pk, "username": user.get_username()}, status=201)


@for_staff("DELETE")
def member(request: HttpRequest, room: str, user: int) -> HttpResponse:
    found = get_object_or_404(User, pk=user)  # asked by itself, a number that no account can have is a 404
    get_object_or_404(Membership, room__key=_key(room), user=found).delete()
    return HttpResponse(status=204)


@for_staff("POST", "DELETE")
def invitation(request: HttpRequest, room: str) -> HttpResponse:
    """A new link; the one before ends."""
    found = _stored(room)
    found.invitation = secrets.token_urlsafe(18) if request.method == "POST" else ""
    Room.objects.filter(pk=found.pk).update(invitation=found.invitation)
    if request.method == "DELETE":
        return HttpResponse(status=204)
    return JsonResponse({"url": _invitation_url(request, found)})


def _invitation_url(request: HttpRequest, room: Room | None) -> str:
    if room is None or not room.invitation:
        return ""
    return request.build_absolute_uri(reverse("join", kwargs={"code": room.invitation}))


def _key(room: str) -> str:
    try:
        return room_named(room).key
    except BadRoomName:
        return ""


def _stored(room: str) -> Room:
    """The room, stored now if it was not yet.

    Raises:
        BadBody: no room can have this name.
    """
    try:
        named = room_named(room)
    except BadRoomName:
        raise BadBody(str(NAME_RULE)) from None
    return Room.objects.get_or_create(key=named.key, defaults={"name": named.name})[0]


def _body(request: HttpRequest) -> dict[str, Any]:
    """
    Raises:
        BadBody: it is no JSON object.
    """
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise BadBody(_("The body is a JSON object."))
    return body
