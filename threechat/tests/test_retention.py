from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from examplechannels.background import background
from threechat.models import Room, Visit
from threechat.retention import VISIT_DAYS, forget, forget_daily


@pytest.mark.django_db
def test_old_visits_and_ended_sessions_go_in_batches_and_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.retention.BATCH_ROWS", 2)
    now, room = timezone.now(), Room.objects.create(name="lobby")
    for number, days in enumerate([0, VISIT_DAYS - 1, VISIT_DAYS + 1, VISIT_DAYS + 2, VISIT_DAYS + 3]):
        Visit.objects.create(room=room, sender=str(number), read_to=1)
        Visit.objects.filter(sender=str(number)).update(on=now - timedelta(days=days))
    for number, days in enumerate([1, -1]):
        Session.objects.create(session_key=str(number), expire_date=now + timedelta(days=days))
    assert list(forget()) == [2, 1, 1]
    assert sorted(Visit.objects.values_list("sender", flat=True)) == ["0", "1"]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["0"]


def test_a_running_server_forgets() -> None:
    assert forget_daily in background._jobs
