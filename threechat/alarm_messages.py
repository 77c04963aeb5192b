"""`telemetry` says in a device's room what its alarms do: each change once, at most one message a minute of a rule."""

import asyncio
import json
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from examplechannels.background import background
from examplechannels.broadcast import broadcast
from examplechannels.languages import in_the_sites_own
from examplechannels.questions import ask
from threechat.drafts import Draft
from threechat.messages import About
from threechat.models import Message
from threechat.people import TELEMETRY
from threechat.posting import tell
from threechat.rooms import room_named
from threechat.storage import Stored, add_message, locked_or_new
from threechat.writer import NotStored, writer
from two.alarms import webhooks
from two.alarms.sweep import rule_watch
from two.alarms.wire import alarm_event, alarm_frame, news, room_of
from two.live import EVENTS
from two.models import Alarm, Delivery, Rule
from two.nanoseconds import NS_PER_MS, NS_PER_SECOND

PAUSE = timedelta(minutes=1)  # between two messages of a rule
LOOK_SECONDS = 2.0  # for what another process recorded, or died over
MAX_SPEAKING = 100  # at a time
# Without the first condition, which the others imply, no database takes the index of what is untold.
UNTOLD = Q(told__lt=Alarm.Told.ALL) & (Q(told=Alarm.Told.NOTHING) | Q(told=Alarm.Told.RAISED, cleared_ns__isnull=False))


class Said(NamedTuple):
    stored: Stored
    alarm: Alarm


def due_rules() -> list[int]:
    """Rules that have something to say, and may say it now. Blocks."""
    now = timezone.now()
    spoke_lately = Q(rule__told_on__gt=now - PAUSE, rule__told_on__lte=now + PAUSE)  # later: the clock was set back
    found = Alarm.objects.filter(UNTOLD, ~spoke_lately).order_by("rule_id")
    return list(found.values_list("rule_id", flat=True).distinct()[:MAX_SPEAKING])


def say(rule_id: int) -> Said | None:
    """Stores the message of what a rule has not told yet. None: another process was quicker. Blocks."""
    with transaction.atomic(durable=True):
        rules = Rule.objects.select_for_update(of=("self",)).select_related("metric__device")
        rule = rules.filter(pk=rule_id).first()
        now = timezone.now()
        if rule is None or (rule.told_on and abs(now - rule.told_on) < PAUSE):
            return None
        untold = Alarm.objects.filter(UNTOLD, rule=rule)
        last = untold.order_by("raised_ns", "pk").last()
        if last is None:
            return None
        last.rule = rule
        is_cleared = last.cleared_ns is not None
        state = Message.AlarmState.CLEARED if is_cleared else Message.AlarmState.RAISED
        with in_the_sites_own():
            text = _text(last, untold.count() - 1 + rule.untold)
        room = locked_or_new(room_named(room_of(rule.metric.device.slug)), None)
        stored = add_message(room, TELEMETRY, Draft(text, about=_about(last)), alarm=last, alarm_state=state)
        untold.update(told=Alarm.Told.ALL)
        if not is_cleared:
            Alarm.objects.filter(pk=last.pk).update(told=Alarm.Told.RAISED)
        Rule.objects.filter(pk=rule.pk).update(told_on=now, untold=0)
        if rule.webhook_url:
            body = {"event": str(state), "rule": rule.pk, "alarm": alarm_frame(last), "text": text}
            Delivery.objects.create(rule=rule, body=json.dumps(body, ensure_ascii=False))
    return Said(stored, last)


def _about(alarm: Alarm) -> About:
    metric = alarm.rule.metric
    at_ns = alarm.raised_ns if alarm.cleared_ns is None else alarm.cleared_ns
    return {"device": metric.device.slug, "metric": metric.name, "at": at_ns // NS_PER_MS}


def _text(last: Alarm, more: int) -> str:
    """What became of the last alarm of a rule, with `more` before it of which something was not told."""
    values = {"rule": str(last)}
    if last.cleared_ns is None:
        text = _("Raised: %(rule)s") % values
        if last.value is not None and last.kind != Rule.Kind.RATE:  # which would read as how fast it changes
            text += f" · {last.value:g} {last.rule.metric.unit}".rstrip()
    else:
        values["duration"] = _duration((last.cleared_ns - last.raised_ns) // NS_PER_SECOND)
        was_told = last.told == Alarm.Told.RAISED
        text = _("Cleared after %(duration)s: %(rule)s") if was_told else _("Raised for %(duration)s: %(rule)s")
        text %= values
    if more:
        text += ngettext(" · and %(count)d alarm before it", " · and %(count)d alarms before it", more) % {
            "count": more
        }
    return text


def _duration(seconds: int) -> str:
    """In the two units that matter, such as `2 h 5 min`."""
    day, hour, minute, second = _("%(count)d d"), _("%(count)d h"), _("%(count)d min"), _("%(count)d s")
    for length_s, unit, less_s, less in ((86_400, day, 3600, hour), (3600, hour, 60, minute), (60, minute, 1, second)):
        if seconds >= length_s:
            rest = seconds % length_s // less_s
            return f"{unit % {'count': seconds // length_s}} {less % {'count': rest}}"
    return second % {"count": seconds}


class Voice:
    """Speaks in each process that serves; the transaction in `say` sees to it that one does."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()

    async def run(self) -> None:
        news.connect(self._heard)
        try:
            while True:
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    if not rule_watch.has_rules:
                        continue
                self._wake.clear()
                await self.speak()
        finally:
            news.disconnect(self._heard)

    def _heard(self, **kwargs: Any) -> None:
        self._wake.set()

    async def speak(self) -> None:
        rules = await ask(due_rules, urgent=True)
        for rule_id in rules:
            try:
                said = await writer.write(partial(say, rule_id))
            except NotStored:
                return  # the writer has said so; the next look comes
            if said:
                tell(said.stored)
                broadcast.publish(EVENTS, alarm_event(said.alarm))
                webhooks.wake()
        if len(rules) == MAX_SPEAKING:
            self._wake.set()


@background.register
async def speak_of_alarms() -> None:
    await Voice().run()
