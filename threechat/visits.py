"""Up to where people have read: noted when they leave, for those who have a session."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.contrib.sessions.models import Session
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from examplechannels.background import background
from examplechannels.questions import ask
from threechat.models import Visit
from threechat.people import Person
from threechat.writer import NotStored, writer

FORGET_AFTER = timedelta(days=90)
BATCH_ROWS = 1_000
FIRST_SECONDS = 900.0  # a server that just started has other things to do
STEP_SECONDS, DAY_SECONDS = 0.05, 86_400.0


async def note_visit(person: Person, room_id: int | None, read_to: int) -> None:
    """Best effort: what is not noted counts as unread once more."""
    if person.has_session and room_id is not None and read_to and not writer.is_busy:
        try:
            await writer.write(lambda: _note(person.sender, room_id, read_to))
        except NotStored:
            pass


def _note(sender: str, room_id: int, read_to: int) -> None:
    visit = Visit.objects.filter(sender=sender, room=room_id)
    if not visit.update(read_to=Greatest(F("read_to"), read_to), on=timezone.now()):
        Visit.objects.bulk_create([Visit(sender=sender, room_id=room_id, read_to=read_to)], ignore_conflicts=True)


def forget_old() -> Iterator[int]:
    """Deletes visits that nobody came back for, and sessions that ended; yields how many after each batch. Blocks."""
    now = timezone.now()
    for rows in (Visit.objects.filter(on__lt=now - FORGET_AFTER), Session.objects.filter(expire_date__lt=now)):
        while deleted := rows.filter(pk__in=list(rows.values_list("pk", flat=True)[:BATCH_ROWS])).delete()[0]:
            yield deleted


@background.register
async def forget_daily() -> None:
    while True:
        await asyncio.sleep(FIRST_SECONDS)
        steps = forget_old()
        while await ask(partial(next, steps, 0)):  # noqa: ASYNC110
            await asyncio.sleep(STEP_SECONDS)
        await asyncio.sleep(DAY_SECONDS - FIRST_SECONDS)
