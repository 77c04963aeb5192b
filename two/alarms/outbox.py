"""The rows of `Delivery`: which is due, who sends it, what became of it. All of it blocks.

A rule's deliveries go one after the other, so that nobody learns of the end of an alarm before its beginning.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from two.alarms.addresses import PORTS
from two.models import Delivery

LEASE_SECONDS = 30.0  # an attempt ends long before, also where the clocks of two hosts differ
PAUSES_SECONDS = (5.0, 15.0, 60.0, 180.0, 480.0, 900.0, 1800.0)  # after each failure; 57 minutes together
MAX_ATTEMPTS = len(PAUSES_SECONDS) + 1
MAX_RETRY_AFTER_SECONDS = 1800.0
MAX_AGE_SECONDS = 7200.0  # what failed after that is not tried again
MAX_WAITING = 1_000  # of one rule
MAX_LOOKED_AT = 500
MAX_ERROR_CHARACTERS = 200


@dataclass(frozen=True)
class Due:
    pk: int
    next_on: datetime
    url: str


@dataclass(frozen=True)
class Claimed:
    """One attempt, which is ours until `lease`."""

    pk: int
    lease: datetime
    attempts: int  # with this one
    created: datetime
    body: str
    url: str
    secret: str
    is_test: bool


def due(now: datetime | None = None, without: Collection[str] = ()) -> list[Due]:
    """Of each rule the first that waits, where its time has come: the oldest `MAX_LOOKED_AT`.

    A time later than any pause is of a clock that was set back, and has come. None of the hosts `without`, each as it
    stands in a URL, with its port.
    """
    earlier = Delivery.objects.filter(rule=OuterRef("rule"), pk__lt=OuterRef("pk"), next_on__isnull=False)
    now = now or timezone.now()
    its_time = Q(next_on__lte=now) | Q(next_on__gt=now + 2 * timedelta(seconds=MAX_RETRY_AFTER_SECONDS))
    rows = Delivery.objects.filter(its_time, ~Exists(earlier)).order_by("next_on", "pk")
    for root in (f"{scheme}://{host}" for host in without for scheme in PORTS):
        rows = rows.exclude(Q(rule__webhook_url__iexact=root) | Q(rule__webhook_url__istartswith=f"{root}/"))
    found = rows.values_list("pk", "next_on", "rule__webhook_url")[:MAX_LOOKED_AT]
    return [Due(pk, next_on, url) for pk, next_on, url in found if next_on is not None]


def claim(row: Due, now: datetime | None = None) -> Claimed | None:
    """None where another was faster."""
    lease = (now or timezone.now()) + timedelta(seconds=LEASE_SECONDS)
    ours = Delivery.objects.filter(pk=row.pk, next_on=row.next_on)
    if not ours.update(next_on=lease, attempts=F("attempts") + 1):
        return None
    found = Delivery.objects.filter(pk=row.pk, next_on=lease).select_related("rule").first()
    if found is None:
        return None
    rule = found.rule
    return Claimed(
        row.pk,
        lease,
        found.attempts,
        found.created,
        found.body,
        rule.webhook_url,
        rule.webhook_secret,
        found.is_test,
    )


def succeed(claimed: Claimed) -> None:
    _settle(claimed, None, "")


def give_up(claimed: Claimed, error: str) -> None:
    _settle(claimed, None, error)


def fail(claimed: Claimed, error: str, retry_after_seconds: float | None = None, now: datetime | None = None) -> None:
    """Lets it be tried again after a pause, or gives it up after its last attempt.

    A test is tried once: who waits for it wants to know, and no alarm is to wait behind it.
    """
    now = now or timezone.now()
    is_old = now - claimed.created > timedelta(seconds=MAX_AGE_SECONDS)
    if claimed.attempts >= MAX_ATTEMPTS or is_old or claimed.is_test:
        give_up(claimed, error)
        return
    asked_for = min(retry_after_seconds or 0, MAX_RETRY_AFTER_SECONDS)
    pause = max(PAUSES_SECONDS[claimed.attempts - 1], asked_for)
    _settle(claimed, now + timedelta(seconds=pause), error)


def drop_excess() -> int:
    """Gives up the oldest of rules that have too many waiting; returns how many."""
    waiting = Delivery.objects.filter(next_on__isnull=False)
    crowded = waiting.order_by().values("rule").annotate(count=Count("pk")).filter(count__gt=MAX_WAITING)
    return sum(_drop_oldest(rule, count - MAX_WAITING) for rule, count in crowded.values_list("rule", "count"))


def _drop_oldest(rule: int, count: int) -> int:
    oldest = Delivery.objects.filter(rule=rule, next_on__isnull=False).order_by("pk")
    keys: Sequence[int] = list(oldest.values_list("pk", flat=True)[:count])
    error = _("more than %(count)s were waiting") % {"count": f"{MAX_WAITING:,}"}
    for first in range(0, len(keys), MAX_LOOKED_AT):
        chunk = keys[first : first + MAX_LOOKED_AT]
        Delivery.objects.filter(pk__in=chunk).update(next_on=None, error=error)
    return len(keys)


def _settle(claimed: Claimed, next_on: datetime | None, error: str) -> None:
    """Unless the lease ran out and somebody else has it."""
    ours = Delivery.objects.filter(pk=claimed.pk, next_on=claimed.lease)
    ours.update(next_on=next_on, error=error[:MAX_ERROR_CHARACTERS])
