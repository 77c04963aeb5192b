"""What people and alarms say about moments, for charts (docs/protocol.md, Moments)."""

import time
from functools import partial

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from examplechannels.broadcast import broadcast
from examplechannels.doors import refusal
from examplechannels.limits import neighbourhood
from examplechannels.questions import ask
from examplechannels.visitors import open_to_walls
from threechat.access import Barred
from threechat.acknowledging import AlreadyCleared, NoSuchAlarm, acknowledge
from threechat.drafts import ClientError, read_only, too_fast
from threechat.limits import FrameLimit
from threechat.people import GUEST_KEY, identify, new_guest
from threechat.pins import pins_in
from threechat.posting import go_by, tell
from threechat.storage import ReadOnly
from threechat.views import not_stored, refused
from threechat.writer import NotStored, writer
from two.alarms.wire import alarm_event, alarm_frame, alarms_between, open_alarms
from two.live import EVENTS
from two.views import BadQuery, range_asked, unavailable


@open_to_walls
@require_safe
async def moments(request: HttpRequest) -> HttpResponse:
    """The pins and alarms of a window."""
    user = await request.auser()
    may_read = user.is_authenticated or not settings.LOGIN_REQUIRED  # a wall is shown the telemetry alone
    try:
        asked = range_asked(request)
    except BadQuery as error:
        return refusal(error.status, error.code, error.detail)

    def answer() -> HttpResponse:
        pins = pins_in(asked, user.pk) if may_read else []
        return JsonResponse({"pins": pins, "alarms": alarms_between(asked.since_ms, asked.until_ms, asked.devices)})

    try:
        return await ask(answer)
    except DatabaseError as error:
        return unavailable(error)


@open_to_walls
@require_safe
async def alarms(request: HttpRequest) -> HttpResponse:
    """Every open alarm."""
    try:
        return JsonResponse({"now": int(time.time() * 1000), "alarms": await ask(open_alarms)})
    except DatabaseError as error:
        return unavailable(error)


@require_POST
async def acknowledgement(request: HttpRequest, alarm: int) -> HttpResponse:
    """Takes note of an alarm; who may write in the device's room may do so."""
    user = await request.auser()
    if not user.is_authenticated and await request.session.aget(GUEST_KEY) is None:
        await request.session.aset(GUEST_KEY, new_guest())
    person = await ask(lambda: identify(user, request.session))
    if not FrameLimit(person.sender, neighbourhood(request.META.get("REMOTE_ADDR") or "")).allows():
        return refusal(429, "too-fast", too_fast(None).detail, {"Retry-After": "1"})
    try:
        person = await go_by(person, request.POST.get("username"))
        done = await writer.write(partial(acknowledge, alarm, person))
    except ClientError as error:
        return refusal(409, error.code, error.detail)
    except NoSuchAlarm:
        return refusal(404, "no-such-alarm", _("There is no such alarm any more."))
    except AlreadyCleared:
        return refusal(409, "cleared", _("This alarm is over already."))
    except Barred as barred:
        return refused(barred)
    except ReadOnly:
        return refusal(403, "read-only", read_only(None).detail)
    except NotStored:
        return not_stored()
    if done.stored is None:
        return refusal(409, "acknowledged", _("It is acknowledged already."))
    tell(done.stored)
    broadcast.publish(EVENTS, alarm_event(done.alarm))
    return JsonResponse({"alarm": alarm_frame(done.alarm)})
