from time import time

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from examplechannels.doors import refusal
from examplechannels.ticker import slot_at, slot_start_ms
from two.feeds import RANDOM
from two.history import MAX_POINTS, TooManyPoints, random_series

POINTS_SHOWN = 30
MAX_MS = 10**15


def random_points(count: int) -> list[list[float]]:
    """The last `count` readings of the random feed, oldest first: `[at in ms, value]`."""
    now = slot_at(time())
    since, until = slot_start_ms(now - count + 1), slot_start_ms(now + 1)
    return random_series(since, until, count, slot_start_ms(now))["points"]


@require_safe
def two(request: HttpRequest) -> HttpResponse:
    """The dashboard, with thirty points at once."""
    points = random_points(POINTS_SHOWN)
    return render(request, "two.html", {"points": points, "latest": points[-1][1]})


@require_safe
def readings(request: HttpRequest) -> HttpResponse:
    """History as JSON: `?device=random&since=<ms>&until=<ms>&points=500` (docs/protocol.md, HTTP)."""
    now_ms = int(time() * 1000)
    try:
        until = int(request.GET.get("until", now_ms + 1))
        since = int(request.GET.get("since", until - 60_000))
        points = int(request.GET.get("points", 500))
    except ValueError:
        return refusal(400, "not-a-number", _("since, until and points are whole numbers."))
    if max(abs(since), abs(until)) > MAX_MS:
        return refusal(400, "not-a-time", _("since and until are Unix milliseconds."))
    if not 1 <= points <= MAX_POINTS:
        return refusal(400, "bad-points", _("points lies between 1 and 5000."))
    devices = set(request.GET.getlist("device"))
    if devices and not devices & {RANDOM, "*"}:
        return refusal(404, "no-such-device", _("No device of that name has sent anything yet."))
    try:
        return JsonResponse({"series": [random_series(since, until, points, now_ms)]})
    except TooManyPoints:
        return refusal(400, "range-too-wide", _("The range holds more readings than points asks for."))
