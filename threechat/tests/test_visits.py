import logging

import pytest

from examplechannels.complaints import Complaints
from threechat.models import Room, Visit
from threechat.people import Person
from threechat.visits import note_visit

MIA = Person(sender="g1", name="mia", guest=True)


@pytest.mark.django_db(transaction=True)
async def test_who_was_in_a_room_that_was_deleted_leaves_without_a_complaint(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("threechat.writer.complaints", Complaints(logging.getLogger("threechat.writer")))
    room = await Room.objects.acreate(name="lobby")
    await note_visit(MIA, room.pk, 3)
    assert [visit.read_to async for visit in Visit.objects.all()] == [3]
    room_id = room.pk
    await room.adelete()
    await note_visit(MIA, room_id, 3)
    assert caplog.messages == []
    assert not await Visit.objects.aexists()
