from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from examplechannels.close_codes import LOG_IN, NOT_A_MEMBER
from examplechannels.doors import refusal
from examplechannels.questions import ask
from threechat.access import Barred, check_entrance
from threechat.directory import rooms_listed_for
from threechat.history import MAX_PAGE_MESSAGES, PAGE_MESSAGES, history_page
from threechat.models import Membership, Room
from threechat.people import identify
from threechat.room_page import find_room, room_page
from threechat.rooms import NAME_RULE, BadRoomName, RoomName, room_named


@require_safe
def chat(request: HttpRequest) -> HttpResponse:
    """The list of rooms; `?room=` goes there, for browsers without JavaScript."""
    error = ""
    if wanted := request.GET.get("room"):
        try:
            return redirect("room", room=room_named(wanted).name)
        except BadRoomName:
            error = str(NAME_RULE)
    rooms = rooms_listed_for(identify(request.user, request.session))
    if request.GET.get("format") == "json":
        return JsonResponse({"rooms": rooms})
    return render(request, "threechat.html", {"rooms": rooms, "error": error}, status=400 if error else 200)


@require_safe
def room(request: HttpRequest, room: str) -> HttpResponse:
    """One room."""
    named, stored = _found(room)
    shown = stored.name if stored else named.name
    if shown != room:
        return redirect("room", room=shown)
    try:
        context = room_page(request, named, stored)
    except Barred as barred:
        if barred.code == LOG_IN:
            return redirect_to_login(request.get_full_path())
        return render(request, "threeclosed.html", {"room": shown}, status=403)
    return render(request, "threeroom.html", context)


@require_safe
def room_by_id(request: HttpRequest, room_id: int) -> HttpResponse:
    """The room under its name, which outsiders do not learn by counting."""
    found = get_object_or_404(Room, pk=room_id)
    try:
        check_entrance(found, request.user.pk)
    except Barred as barred:
        if barred.code == LOG_IN:
            return redirect_to_login(request.get_full_path())
        raise Http404(_("No such room.")) from None
    return redirect(found)


@require_safe
async def messages(request: HttpRequest, room: str) -> HttpResponse:
    """What was said: after a number, before one, or last (docs/protocol.md, HTTP)."""
    try:
        after, before = _number(request, "after"), _number(request, "before")
        limit = _number(request, "limit")
    except ValueError as error:
        return refusal(400, "bad-number", str(error))
    if after is not None and before is not None:
        return refusal(400, "bad-number", _("Either `after` or `before`, not both."))
    page_limit = PAGE_MESSAGES if limit is None else limit
    if not 1 <= page_limit <= MAX_PAGE_MESSAGES:
        return refusal(400, "bad-number", _("`limit` is from 1 to 200."))

    def answer() -> HttpResponse:
        stored = _found(room)[1]
        try:
            check_entrance(stored, request.user.pk)
        except Barred as barred:
            return refused(barred)
        return JsonResponse(history_page(stored, after, before, page_limit))

    return await ask(answer)


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, code: str) -> HttpResponse:
    """An invitation: who has an account and this link becomes a member."""
    invited_to = get_object_or_404(Room.objects.exclude(invitation=""), invitation=code)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if request.method == "POST":
        Membership.objects.get_or_create(room=invited_to, user=request.user)
        return redirect(invited_to)
    is_member = invited_to.members.filter(pk=request.user.pk).exists()
    return render(request, "threejoin.html", {"room": invited_to.name, "is_member": is_member})


def refused(barred: Barred) -> JsonResponse:
    """For who asks for data."""
    if barred.code == NOT_A_MEMBER:
        return refusal(403, "not-a-member", _("This room is for its members."))
    return refusal(401, "log-in", _("Log in first."))


def not_stored() -> JsonResponse:
    """For who sent what the database did not take."""
    return refusal(503, "not-stored", _("It was not stored; send it again."), {"Retry-After": "1"})


def _found(name: str) -> tuple[RoomName, Room | None]:
    """
    Raises:
        Http404: no room can have this name.
    """
    try:
        return find_room(name)
    except BadRoomName:
        raise Http404(str(NAME_RULE)) from None


def _number(request: HttpRequest, key: str) -> int | None:
    """
    Raises:
        ValueError: it is there, and no number that a message could have.
    """
    text = request.GET.get(key)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise ValueError(_("`%(key)s` is a whole number.") % {"key": key})
    return int(text)
