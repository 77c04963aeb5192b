"""Whether a moment of a metric is one that somebody can point at."""

import time

from django.db.models import Min

from examplechannels.ticker import TICK_SECONDS
from two.feeds import RANDOM, RANDOM_METRIC
from two.history import RANDOM_SECONDS
from two.models import HourRollup
from two.nanoseconds import NS_PER_DAY, NS_PER_MS
from two.samples import AHEAD_NS


def is_known_moment(device: str, metric: str, at_ms: int) -> bool:
    """From a day before the first reading to five minutes ahead; of the random feed what is remembered. Blocks.

    A day: a point that is the mean of hours is shown in the middle of them, which may be before the first reading.
    """
    now_ms = time.time_ns() // NS_PER_MS
    if device == RANDOM:
        return metric == RANDOM_METRIC and -RANDOM_SECONDS * 1000 < at_ms - now_ms < TICK_SECONDS * 1000
    if not 0 <= at_ms <= now_ms + AHEAD_NS // NS_PER_MS or "\0" in metric or "\0" in device:
        return False
    first = HourRollup.objects.filter(metric__device__slug=device, metric__name=metric).aggregate(ns=Min("start_ns"))
    return first["ns"] is not None and at_ms * NS_PER_MS >= first["ns"] - NS_PER_DAY
