"""What devices send, and what of it is accepted, whichever way it comes in."""

import hashlib
import math
import re
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext as _

from two.feeds import OWN_DEVICES
from two.models import MAX_METRIC_CHARACTERS, MAX_SLUG_CHARACTERS
from two.nanoseconds import NS_PER_DAY, NS_PER_MINUTE, NS_PER_MS

MAX_BATCH_READINGS = 10_000
MAX_NAME_CHARACTERS = 100
MIN_SECONDS, MAX_SECONDS = 10**9, 10**10  # 2001 and 2286, if a time in milliseconds were one in seconds
AHEAD_NS = 5 * NS_PER_MINUTE  # how far a device's clock may be ahead


PUNCTUATION = re.compile(r"[^\w\s-]+")  # parts words: kitchen/window is kitchen-window


class Sample(NamedTuple):
    """One reading on its way in."""

    device: str  # a slug, or a name that `slug_of` makes one of
    metric: str
    at_ns: int | None  # Unix nanoseconds; None: the server's clock when it is recorded
    value: float


class BadReading(ValueError):
    """A client's mistake: nothing of what it sent at once is stored."""

    def __init__(self, code: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status


def number(value: Any, where: str) -> float:
    """A finite number as 64-bit float.

    Raises:
        BadReading: it is none; `where` names it.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadReading("not-a-number", _("%(where)s is not a number.") % {"where": where})
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise BadReading("not-finite", _("%(where)s is not a finite number.") % {"where": where})
    return found


def metric_name(name: str, where: str) -> str:
    if not 1 <= len(name) <= MAX_METRIC_CHARACTERS or not name.isprintable():
        raise BadReading(
            "bad-metric", _("%(where)s: a metric's name has 1 to 100 printable characters.") % {"where": where}
        )
    return name


@lru_cache(maxsize=10_000)
def slug_of(name: str) -> str:
    """The slug of a device's name: letters a-z, digits, `-`, `_`. A name without any gets one made of its digest.

    Raises:
        BadReading: the name is empty, too long, or not printable.
    """
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable() or not name.strip():
        raise BadReading("bad-device", _("A device's name has 1 to 100 printable characters."))
    slug = slugify(PUNCTUATION.sub("-", name))[:MAX_SLUG_CHARACTERS].rstrip("-_")  # so that a slug is its own slug
    return slug or f"device-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def writable_slug(name: str, where: str) -> str:
    """The slug of a device that clients may write for.

    Raises:
        BadReading: the name makes no slug, or that of one of the server's own devices; `where` says what named it.
    """
    slug = slug_of(name)
    if slug in OWN_DEVICES:
        raise BadReading(
            "reserved-device",
            _("%(where)s: “%(slug)s” is a device of the server's own.") % {"where": where, "slug": slug},
        )
    return slug


def oldest_ns(now_ns: int) -> int:
    """Before this raw readings are pruned, so a resend could not be recognised."""
    return now_ns - settings.RAW_DAYS * NS_PER_DAY


def check_time(at_ns: int, where: str, now_ns: int | None = None) -> int:
    """Raises `BadReading` for a time before the raw retention or more than five minutes ahead."""
    now = time.time_ns() if now_ns is None else now_ns
    if at_ns > now + AHEAD_NS:
        raise BadReading("too-new", _("%(where)s lies more than 5 minutes ahead.") % {"where": where})
    if at_ns < oldest_ns(now):
        raise BadReading(
            "too-old", _("%(where)s lies more than %(days)s days ago.") % {"where": where, "days": settings.RAW_DAYS}
        )
    return at_ns


def time_of(value: Any, where: str) -> int:
    """Unix nanoseconds of a `ts` in milliseconds. Raises `BadReading` for what is none, or too far away."""
    if type(value) in (int, float) and MAX_SECONDS > value > MIN_SECONDS:
        raise BadReading("too-old", _("%(where)s is in milliseconds; this looks like seconds.") % {"where": where})
    if not isinstance(value, int) or isinstance(value, bool):
        whole, part = divmod(number(value, where), 1)
        return check_time(int(whole) * NS_PER_MS + round(part * NS_PER_MS), where)
    return check_time(value * NS_PER_MS, where)


def check_count(samples: Sequence[Sample]) -> None:
    if len(samples) > MAX_BATCH_READINGS:
        raise BadReading("too-many-readings", _("A batch holds at most 10,000 readings."), status=413)
