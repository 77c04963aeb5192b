"""Alarms as pages get them, and the news of them (docs/protocol.md, Alarms)."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextvars import Context
from typing import Literal, TypedDict

from django.db.models import Q
from django.dispatch import Signal

from examplechannels.broadcast import broadcast
from examplechannels.languages import in_the_sites_own
from two.live import EVENTS
from two.models import Alarm
from two.nanoseconds import NS_PER_MS

MAX_ALARMS = 500  # in an answer
MAX_FRAMES = 2  # of a rule, from this process
FRAMES_SECONDS = 1.0

news = Signal()  # sent in the event loop after the commit that raised or cleared `alarms`


class Acknowledged(TypedDict):
    by: str
    at: int


class AlarmFrame(TypedDict):
    id: int
    device: str
    metric: str
    unit: str
    rule: str  # such as "temperature above 70 °C for 60 s", in the site's language
    kind: str
    threshold: float | None
    raised: int  # Unix milliseconds
    cleared: int | None
    value: float | None
    acknowledged: Acknowledged | None
    room: str


class AlarmEvent(TypedDict):
    type: Literal["alarm"]
    alarm: AlarmFrame


def room_of(device: str) -> str:
    """The name of a device's room."""
    return f"device-{device}"


def alarm_frame(alarm: Alarm) -> AlarmFrame:
    """`alarm` comes with its rule, metric and device."""
    metric = alarm.rule.metric
    acknowledged: Acknowledged | None = None
    if alarm.acknowledged_on:
        acknowledged = {"by": alarm.acknowledged_by, "at": int(alarm.acknowledged_on.timestamp() * 1000)}
    with in_the_sites_own():
        rule = str(alarm)
    return {
        "id": alarm.pk,
        "device": metric.device.slug,
        "metric": metric.name,
        "unit": metric.unit,
        "rule": rule,
        "kind": alarm.kind,
        "threshold": alarm.threshold,
        "raised": alarm.raised_ns // NS_PER_MS,
        "cleared": None if alarm.cleared_ns is None else alarm.cleared_ns // NS_PER_MS,
        "value": alarm.value,
        "acknowledged": acknowledged,
        "room": room_of(metric.device.slug),
    }


def event_of(alarm: AlarmFrame) -> AlarmEvent:
    return {"type": "alarm", "alarm": alarm}


def alarm_event(alarm: Alarm) -> AlarmEvent:
    return event_of(alarm_frame(alarm))


class Teller:
    """Shows every page what became of alarms; all methods belong to the event loop.

    At most two frames of a rule at a time: the first alarm, which pages may have as open, and the last. What comes
    when two have gone out within a second waits for the next one.
    """

    def __init__(self) -> None:
        self._sent: Counter[int] = Counter()  # frames in this second, by rule
        self._ends_at = 0.0
        self._held: dict[int, list[Alarm]] = {}
        self._task: asyncio.Task[None] | None = None

    def tell(self, rule: int, alarms: Iterable[Alarm]) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._ends_at:
            self._begin(now)
        known = list({alarm.pk: alarm for alarm in (*self._held.get(rule, ()), *alarms)}.values())
        few = known if len(known) <= MAX_FRAMES else [known[0], known[-1]]
        if rule not in self._held and self._sent[rule] + len(few) <= MAX_FRAMES:
            self._publish(rule, few)
            return
        self._held[rule] = few
        if self._task is None:
            # A context of its own: inside a request it would inherit the thread of that request.
            self._task = asyncio.create_task(self._tell_held(), name="alarms", context=Context())

    async def _tell_held(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(self._ends_at - loop.time())
            self._begin(loop.time())
            for rule, alarms in self._held.items():
                self._publish(rule, alarms)
        finally:
            self._held, self._task = {}, None

    def _begin(self, now: float) -> None:
        self._sent.clear()
        self._ends_at = now + FRAMES_SECONDS

    def _publish(self, rule: int, alarms: Sequence[Alarm]) -> None:
        self._sent[rule] += len(alarms)
        for alarm in alarms:
            broadcast.publish(EVENTS, alarm_event(alarm))


teller = Teller()


def tell(alarms: Iterable[Alarm]) -> None:
    """Shows pages what became of alarms, and wakes who speaks of them in the rooms. In the event loop."""
    by_rule: dict[int, list[Alarm]] = {}
    for alarm in alarms:
        by_rule.setdefault(alarm.rule_id, []).append(alarm)
    for rule, own in by_rule.items():
        teller.tell(rule, own)
    news.send(sender=None)


def open_alarms() -> list[AlarmFrame]:
    """The newest first. Blocks."""
    return _frames(Q(cleared_ns=None), MAX_ALARMS)


def alarms_by_id(ids: Collection[int]) -> list[AlarmFrame]:
    """Those that are still there, the newest first. Blocks."""
    return _frames(Q(pk__in=ids), MAX_ALARMS)


def alarms_between(since_ms: int, until_ms: int, devices: frozenset[str] | None) -> list[AlarmFrame]:
    """Those that were raised before `until_ms` and not cleared by `since_ms`; first the open ones. Blocks."""
    wanted = Q(raised_ns__lt=until_ms * NS_PER_MS)
    if devices is not None:
        wanted &= Q(rule__metric__device__slug__in=devices)
    lasting = _frames(wanted & Q(cleared_ns=None), MAX_ALARMS)
    return lasting + _frames(wanted & Q(cleared_ns__gte=since_ms * NS_PER_MS), MAX_ALARMS - len(lasting))


def _frames(wanted: Q, most: int) -> list[AlarmFrame]:
    """The latest `most`."""
    found = Alarm.objects.filter(wanted).select_related("rule__metric__device")
    return [alarm_frame(alarm) for alarm in found[:most]]
