from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from threechat.people import GUEST_KEY, identify, new_guest
from threechat.presence import presence
from threechat.rooms import BadRoomName, room_named


@require_safe
def chat(request: HttpRequest) -> HttpResponse:
    """The list of rooms; `?room=` goes there, for browsers without JavaScript."""
    error = ""
    if wanted := request.GET.get("room"):
        try:
            return redirect("room", room=room_named(wanted).name)
        except BadRoomName:
            error = _("A room's name has 1 to 80 letters, digits, spaces, _ or -.")
    rooms = presence.rooms()["rooms"]
    if request.GET.get("format") == "json":
        return JsonResponse({"rooms": rooms})
    return render(request, "threechat.html", {"rooms": rooms, "error": error}, status=400 if error else 200)


@require_safe
def room(request: HttpRequest, room: str) -> HttpResponse:
    """One room. A guest gets a name that lasts as long as the session."""
    try:
        found = room_named(room)
    except BadRoomName:
        raise Http404(_("A room's name has 1 to 80 letters, digits, spaces, _ or -.")) from None
    if found.name != room:
        return redirect("room", room=found.name)
    if not request.user.is_authenticated and GUEST_KEY not in request.session:
        request.session[GUEST_KEY] = new_guest()
    person = identify(request.user, request.session)
    context = {
        "room": found.name,
        "socket_path": f"/ws/chat/{quote(found.name)}/",
        "sender": person.sender,
        "username": person.name,
        "is_guest": person.guest,
        "count": presence.frame(found)["count"],
    }
    return render(request, "threeroom.html", context)
