"""Which conditions a rule may have: one that could never hold, or never end, is a mistake. Knows no database."""

import math
import sys
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from two.feeds import HOST

if TYPE_CHECKING:
    from two.models import Rule

LARGEST = sys.float_info.max
MAX_HOLD_SECONDS = 86_400.0
MIN_SILENT_SECONDS = 1.0
# What psutil can say of the machine; other devices may send anything.
BOUNDS_OF_HOST = {
    "cpu": (0.0, 100.0),
    "memory": (0.0, 100.0),
    "network.in": (0.0, LARGEST),
    "network.out": (0.0, LARGEST),
}
CHANGES_A_MINUTE = 60.0  # as fast as a second can tell, from one bound to the other

Errors = dict[str, list[str]]


def check_condition(rule: "Rule") -> None:
    """Raises `ValidationError` by field. Of a rule about silence, empties what does not count there."""
    errors: Errors = {}
    _check_hold(rule, errors)
    if rule.kind == "silent":
        rule.threshold, rule.hysteresis = None, 0.0
    elif rule.kind:
        _check_threshold(rule, errors)
    if errors:
        raise ValidationError(errors)


def _check_hold(rule: "Rule", errors: Errors) -> None:
    least = MIN_SILENT_SECONDS if rule.kind == "silent" else 0.0
    if rule.hold_seconds is not None and not least <= rule.hold_seconds <= MAX_HOLD_SECONDS:  # NaN lies nowhere
        text = _("Between 0 and 86,400 seconds, which are a day.")
        if rule.kind == "silent":
            text = _("Silence needs at least 1 second, and at most 86,400, which are a day.")
        errors["hold_seconds"] = [text]


def _check_threshold(rule: "Rule", errors: Errors) -> None:
    threshold, hysteresis = rule.threshold, rule.hysteresis
    if hysteresis is not None and not 0 <= hysteresis <= LARGEST:
        errors["hysteresis"] = [_("A finite number, 0 or more.")]
    if threshold is None:
        errors["threshold"] = [_("This condition needs a threshold.")]
    elif not math.isfinite(threshold):
        errors["threshold"] = [_("A finite number.")]
    elif rule.kind == "rate" and threshold <= 0:
        errors["threshold"] = [_("More than 0: how much it changes has no sign.")]
    if errors.keys() & {"threshold", "hysteresis"} or threshold is None or hysteresis is None:
        return
    least, most = _bounds(rule)
    is_below = rule.kind == "below"
    holds = threshold > least if is_below else threshold < most
    ends = threshold + hysteresis <= most if is_below else threshold - hysteresis >= least
    if not holds:
        side = _("below") if is_below else _("above")
        text = _("This can never hold: nothing here lies %(side)s %(threshold)s.")
        errors["threshold"] = [text % {"side": side, "threshold": f"{threshold:g}"}]
    elif not ends:
        end = threshold + hysteresis if is_below else threshold - hysteresis
        text = _("This alarm could never end: it would have to come back to %(end)s.")
        errors["hysteresis" if hysteresis else "threshold"] = [text % {"end": f"{end:g}"}]


def _bounds(rule: "Rule") -> tuple[float, float]:
    """Between what the measured can lie: the value, or of a rate how much it changes a minute."""
    least, most = -LARGEST, LARGEST
    if rule.metric_id is not None and rule.metric.device.slug == HOST:
        least, most = BOUNDS_OF_HOST.get(rule.metric.name, (least, most))
    if rule.kind == "rate":
        least, most = 0.0, min((most - least) * CHANGES_A_MINUTE, LARGEST)
    return least, most
