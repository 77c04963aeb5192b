from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from examplechannels.background import background
from threechat.models import Room, Visit
from threechat.visits import FORGET_AFTER, forget_daily, forget_old


@pytest.mark.django_db
def test_old_visits_and_ended_sessions_are_forgotten_a_batch_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.visits.BATCH_ROWS", 2)
    now = timezone.now()
    room = Room.objects.create(name="lobby")
    for number in range(4):
        Visit.objects.create(room=room, sender=f"s{number}", read_to=1)
        Session.objects.create(session_key=f"k{number}", expire_date=now + timedelta(days=number - 2, hours=1))
    Visit.objects.exclude(sender="s0").update(on=now - FORGET_AFTER - timedelta(hours=1))
    assert list(forget_old()) == [2, 1, 2]
    assert [visit.sender for visit in Visit.objects.all()] == ["s0"]
    assert {session.session_key for session in Session.objects.all()} == {"k2", "k3"}


def test_a_running_server_forgets() -> None:
    assert forget_daily in background._jobs
