"""A message to a rule's webhook without an alarm, so that staff see whether it arrives. Blocks."""

import json
import time

from django.db import transaction
from django.utils.translation import gettext as _

from examplechannels.languages import in_the_sites_own
from two.alarms import webhooks
from two.alarms.wire import alarm_frame
from two.models import Alarm, Delivery, Rule

NO_ALARM = 0  # its number: there is none


def send_test(rule: Rule) -> bool:
    """Whether one is put on its way: not while another of this rule is. `rule` comes with its metric and device."""
    if Delivery.objects.filter(rule=rule, is_test=True, next_on__isnull=False).exists():
        return False
    Delivery.objects.create(rule=rule, is_test=True, body=json.dumps(_body(rule), ensure_ascii=False))
    transaction.on_commit(webhooks.wake)
    return True


def _body(rule: Rule) -> dict[str, object]:
    """As of an alarm that was raised just now, by a value at the threshold."""
    alarm = Alarm.of(rule, time.time_ns(), rule.threshold)
    alarm.pk = NO_ALARM
    with in_the_sites_own():
        text = _("Test: %(rule)s") % {"rule": rule}
    return {"event": "raised", "rule": rule.pk, "test": True, "alarm": alarm_frame(alarm), "text": text}
