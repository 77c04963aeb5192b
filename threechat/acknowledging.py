"""Somebody takes note of an alarm: who and when is kept, and is a message of theirs in the device's room."""

from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from examplechannels.languages import in_the_sites_own
from threechat.access import check_entrance
from threechat.drafts import Draft
from threechat.messages import About
from threechat.models import Message
from threechat.people import Person
from threechat.rooms import room_named
from threechat.storage import ReadOnly, Stored, add_message, locked_or_new
from two.alarms.wire import room_of
from two.models import Alarm, Rule
from two.nanoseconds import NS_PER_MS


class NoSuchAlarm(Exception):
    """There is none of this number."""


class AlreadyCleared(Exception):
    """The alarm is cleared, and nobody has taken note of it: there is nothing left to look after."""


class Acknowledgement(NamedTuple):
    alarm: Alarm
    stored: Stored | None  # None: somebody else was first


def acknowledge(alarm_id: int, person: Person) -> Acknowledgement:
    """Blocks.

    Raises:
        NoSuchAlarm, AlreadyCleared, ReadOnly: see there.
        Barred: the device's room is not for this person.
    """
    with transaction.atomic(durable=True):
        # The rule's lock is the one that everybody takes first.
        list(Rule.objects.select_for_update().filter(alarms__pk=alarm_id).values_list("pk"))
        alarm = Alarm.objects.select_related("rule__metric__device").filter(pk=alarm_id).first()
        if alarm is None:
            raise NoSuchAlarm
        metric = alarm.rule.metric
        room = locked_or_new(room_named(room_of(metric.device.slug)), None)
        check_entrance(room, person.user_id)
        if alarm.acknowledged_on:
            return Acknowledgement(alarm, None)
        if alarm.cleared_ns is not None:
            raise AlreadyCleared
        if room.read_only:
            raise ReadOnly
        # Everybody sees the alarm; a room for members says alone to them who is one.
        alarm.acknowledged_by = "" if room.members_only else person.name
        alarm.acknowledged_on = timezone.now()
        alarm.save(update_fields=["acknowledged_by", "acknowledged_on"])
        with in_the_sites_own():
            text = _("Acknowledged: %(rule)s") % {"rule": alarm}
        about: About = {"device": metric.device.slug, "metric": metric.name, "at": alarm.raised_ns // NS_PER_MS}
        draft = Draft(text, about=about)
        state = Message.AlarmState.ACKNOWLEDGED
        return Acknowledgement(alarm, add_message(room, person, draft, alarm=alarm, alarm_state=state))
