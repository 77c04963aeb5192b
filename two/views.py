"""The dashboard's pages, and what they and other people's clients ask over HTTP."""

import json
import logging
from time import time

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.request import RawPostDataException
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from examplechannels.broadcast import encode
from examplechannels.doors import refusal
from examplechannels.questions import ask
from examplechannels.static_files import build_version
from examplechannels.ticker import slot_at, slot_start_ms
from examplechannels.visitors import open_to_walls, post_has_token
from threechat.room_page import device_room
from two.csv_export import csv_lines
from two.devices import NameTaken, add_device, are_known, examples_for, find_device
from two.feeds import OWN_DEVICES, RANDOM, RANDOM_METRIC
from two.history import MAX_POINTS, Range, TooMuch, random_series, series_in
from two.ingest.views import post_readings
from two.latest import LatestDevice, latest, latest_devices, random_device
from two.models import Metric
from two.samples import BadReading

logger = logging.getLogger(__name__)

POINTS_SHOWN = 30
METRICS_AT_ONCE = 200
WINDOW_MS = 60_000
MAX_MS = 9 * 10**12  # as nanoseconds still 64 bits


def random_points(count: int) -> list[list[float]]:
    """The last `count` readings of the random feed, oldest first: `[at in ms, value]`."""
    now = slot_at(time())
    asked = Range(slot_start_ms(now - count + 1), slot_start_ms(now + 1), count)
    return random_series(asked, slot_start_ms(now))["points"]


def first_devices() -> list[LatestDevice]:
    """What a page gets at once, so that it can give all charts their places: the random feed, and all devices, unless
    they have too many metrics, or the database does not answer. Then the page asks for them later.
    """
    try:
        are_few = Metric.objects.all()[: METRICS_AT_ONCE + 1].count() <= METRICS_AT_ONCE
        return [random_device(), *(latest_devices() if are_few else [])]
    except DatabaseError:
        logger.warning("The page comes without its devices: the database did not answer")
        return [random_device()]


@open_to_walls
@require_safe
def two(request: HttpRequest) -> HttpResponse:
    """The dashboard, with the last minute of the random feed at once."""
    points = random_points(POINTS_SHOWN)
    context = {
        "points": points,
        "latest": points[-1][1],
        "devices": {"now": int(time() * 1000), "devices": first_devices()},
        "can_add_devices": request.user.is_staff,
        "kiosk": request.GET.get("kiosk") == "1",
        "version": build_version(),
    }
    return render(request, "two.html", context)


@open_to_walls
@require_safe
def device(request: HttpRequest, device: str) -> HttpResponse:
    """One device: its metrics, its room, how to send to it."""
    found = find_device(device)
    context = {
        "device": found.slug,
        "name": found.name,
        "is_ours": found.slug in OWN_DEVICES,
        "examples": examples_for(request.build_absolute_uri("/"), found.slug),
        "version": build_version(),
    }
    return render(request, "device.html", context | device_room(request, found.slug))


@open_to_walls
@require_safe
def version(request: HttpRequest) -> JsonResponse:
    """Which build is deployed, for pages that stay open for weeks."""
    return JsonResponse({"version": build_version()})


@open_to_walls
@post_has_token
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
async def readings(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The past of metrics, as JSON or CSV; or new readings (docs/protocol.md, HTTP)."""
    if request.method == "POST":
        return await post_readings(request)
    try:
        asked = range_asked(request)
        if request.GET.get("format") == "csv":
            if asked.devices:
                await ask(lambda: _require_known(asked))
            return _csv(asked)
        series = await ask(lambda: _encoded_series(asked))
    except BadQuery as error:
        return refusal(error.status, error.code, error.detail)
    except NoSuchDevice:
        return refusal(404, "no-such-device", _("There is no device of that name."))
    except TooMuch:
        return refusal(400, "too-many-series", _("More than 200 series or 200,000 points: choose devices or metrics."))
    except DatabaseError as error:
        return unavailable(error)
    return HttpResponse(f'{{"series":[{",".join(series)}]}}', content_type="application/json")


def _encoded_series(asked: Range) -> list[str]:
    """One by one, in the database's thread: all at once would keep everybody waiting."""
    series = series_in(asked)
    if not series:
        _require_known(asked)
    if asked.includes(RANDOM, RANDOM_METRIC):
        series.append(random_series(asked, int(time() * 1000)))
    return [encode(one) for one in series]


def _require_known(asked: Range) -> None:
    """Blocks.

    Raises:
        NoSuchDevice: none of the devices asked for is one.
    """
    if asked.devices and not are_known(asked.devices):
        raise NoSuchDevice


def unavailable(error: Exception) -> HttpResponse:
    logger.error("The database did not answer: %s", str(error).strip())
    return refusal(503, "unavailable", _("The database does not answer; try again."), {"Retry-After": "1"})


def _csv(asked: Range) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(csv_lines(asked), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="readings.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


class NoSuchDevice(Exception):
    """None of those asked for."""


class BadQuery(Exception):
    """A query whose numbers cannot be read, or are out of bounds: refused with `status`, `code` and `detail`."""

    def __init__(self, code: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


def range_asked(request: HttpRequest) -> Range:
    """What a query asks for, the last minute unless it says more.

    Raises:
        BadQuery: see there.
    """
    now_ms = int(time() * 1000)
    try:
        until = int(request.GET.get("until", now_ms + 1))
        since = int(request.GET.get("since", until - WINDOW_MS))
        points = int(request.GET.get("points", 500))
    except ValueError:
        raise BadQuery("not-a-number", _("since, until and points are whole numbers.")) from None
    if max(abs(since), abs(until)) > 10 * MAX_MS:
        raise BadQuery("not-a-time", _("since and until are Unix milliseconds."))
    since, until = max(-MAX_MS, min(since, MAX_MS)), max(-MAX_MS, min(until, MAX_MS))
    if not 1 <= points <= MAX_POINTS:
        raise BadQuery("bad-points", _("points lies between 1 and 5000."))
    devices, metrics = _names(request, "device"), _names(request, "metric")
    return Range(
        since,
        until,
        points,
        frozenset(devices) if devices and "*" not in devices else None,
        frozenset(metrics) or None,
    )


def _names(request: HttpRequest, key: str) -> set[str]:
    """What a query names; a NUL, which PostgreSQL does not even compare, is in no name."""
    return {name.replace("\0", "\N{REPLACEMENT CHARACTER}") for name in request.GET.getlist(key)}


@open_to_walls
@require_http_methods(["GET", "HEAD", "POST"])
async def devices(request: HttpRequest) -> HttpResponse:
    """Every device with its metrics and last readings; for staff, a new device."""
    if request.method == "POST":
        return await _add(request)
    try:
        known = await latest.ask()
    except DatabaseError as error:
        return unavailable(error)
    texts = [encode(random_device()), *(device.text for device in known)]
    return HttpResponse(
        f'{{"now":{int(time() * 1000)},"devices":[{",".join(texts)}]}}', content_type="application/json"
    )


async def _add(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    if not user.is_staff:
        return refusal(403, "staff-only", _("Only staff may add devices: log in first."))
    try:
        name = json.loads(request.body)["name"]
        device, token = await ask(lambda: add_device(name))
    except (ValueError, RecursionError, LookupError, TypeError, RawPostDataException) as error:
        detail = error.detail if isinstance(error, BadReading) else _('The body is {"name": "…"}.')
        return refusal(400, "bad-name", detail)
    except NameTaken:
        return refusal(409, "name-taken", _("There is a device of that name already."))
    examples = examples_for(request.build_absolute_uri("/"), device.slug, token)
    answer = {"device": device.slug, "name": device.name, "token": token, "examples": examples}
    return JsonResponse(answer, status=201, headers={"Cache-Control": "no-store"})
