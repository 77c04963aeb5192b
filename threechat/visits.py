"""Up to where people have read: noted when they leave, for those who have a session."""

from contextlib import suppress

from django.db import IntegrityError
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from threechat.models import Visit
from threechat.people import Person
from threechat.writer import NotStored, writer


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
        with suppress(IntegrityError):  # the room was deleted while they were in it
            Visit.objects.bulk_create([Visit(sender=sender, room_id=room_id, read_to=read_to)], ignore_conflicts=True)
