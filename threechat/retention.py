"""Forgets what nobody comes back for: visits of long ago, sessions of the whole site that have ended."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.utils import timezone

from examplechannels.background import background, each_day
from threechat.models import Visit

VISIT_DAYS = 90
BATCH_ROWS = 1_000
FIRST_SECONDS = 900.0


def forget() -> Iterator[int]:
    """Deletes a batch a step and yields how many rows that was. Blocks."""
    now = timezone.now()
    visits = Visit.objects.filter(on__lt=now - timedelta(days=VISIT_DAYS))
    sessions = Session.objects.filter(expire_date__lt=now)
    for model, ended in ((Visit, visits), (Session, sessions)):
        while keys := list[Any](ended.values_list("pk", flat=True)[:BATCH_ROWS]):
            model._default_manager.filter(pk__in=keys).delete()
            yield len(keys)


@background.register
async def forget_daily() -> None:
    await each_day(forget, FIRST_SECONDS)
