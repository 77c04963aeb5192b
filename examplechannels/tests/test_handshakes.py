import asyncio
from collections.abc import Collection
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from examplechannels import handshakes
from examplechannels.handshakes import with_user
from examplechannels.questions import AskedTogether, ask_who_comes
from examplechannels.sessions import open_sessions

pytestmark = pytest.mark.django_db(transaction=True)


class Who(NamedTuple):
    session: Any
    user: Any


async def who(cookie: str) -> Who:
    """What a consumer finds in its scope."""
    found: list[Who] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        found.append(Who(scope["session"], scope["user"]))

    headers = [(b"host", b"here"), (b"cookie", cookie.encode("latin-1"))] if cookie else [(b"host", b"here")]
    await with_user(inner)({"type": "websocket", "headers": headers}, None, None)
    [answer] = found
    return answer


def log_in(name: str) -> str:
    client = Client()
    client.force_login(User.objects.create_user(name))
    return str(client.session.session_key)


def visit_as_a_guest() -> str:
    session = Client().session
    session["guest"] = {"name": "mia"}
    session.save()
    return str(session.session_key)


async def test_an_account_comes_with_its_session() -> None:
    key = await sync_to_async(log_in)("mia")
    session, user = await who(f"theme=dark; sessionid={key}")
    assert (user.username, session.session_key, session["_auth_user_id"]) == ("mia", key, str(user.pk))


async def test_a_guest_comes_with_a_session_and_no_account() -> None:
    session, user = await who(f"sessionid={await sync_to_async(visit_as_a_guest)()}")
    assert (user.is_anonymous, session["guest"]) == (True, {"name": "mia"})


def deactivate(user: User, session: Any) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def change_the_password(user: User, session: Any) -> None:
    User.objects.filter(pk=user.pk).update(password="!another")


def delete(user: User, session: Any) -> None:
    User.objects.filter(pk=user.pk).delete()


def name_another_backend(user: User, session: Any) -> None:
    session["_auth_user_backend"] = "elsewhere.Backend"
    session.save()


def name_what_is_no_number(user: User, session: Any) -> None:
    session["_auth_user_id"] = "1 OR 1"
    session.save()


@pytest.mark.parametrize(
    "change", [deactivate, change_the_password, delete, name_another_backend, name_what_is_no_number]
)
async def test_a_login_that_does_not_hold_any_more_is_nobodys(change: Any) -> None:
    def changed() -> str:
        client, user = Client(), User.objects.create_user("mia")
        client.force_login(user)
        change(user, client.session)
        return str(client.session.session_key)

    assert (await who(f"sessionid={await sync_to_async(changed)()}")).user.is_anonymous


async def test_a_session_that_ended_is_none() -> None:
    key = await sync_to_async(log_in)("mia")
    await Session.objects.filter(session_key=key).aupdate(expire_date=timezone.now() - timedelta(seconds=1))
    session, user = await who(f"sessionid={key}")
    assert (user.is_anonymous, session.session_key, session.get("_auth_user_id")) == (True, None, None)


class Questions:
    """Notes what is looked up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[set[str]] = []
        self.fails = False
        monkeypatch.setattr(handshakes, "_open_sessions", AskedTogether(self, ask_who_comes))

    def __call__(self, session_keys: Collection[str]) -> dict[str, Any]:
        self.asked.append(set(session_keys))
        if self.fails:
            raise OperationalError("away")
        return open_sessions(session_keys)


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> Questions:
    return Questions(monkeypatch)


NOTHING = ["", "theme=dark", "sessionid=", "sessionid=short", 'sessionid="\\000aaaaaaaaaaa"', f"sessionid={'a' * 41}"]


@pytest.mark.parametrize("cookie", NOTHING)
async def test_who_brings_what_is_no_session_is_not_looked_up(questions: Questions, cookie: str) -> None:
    session, user = await who(cookie)
    assert (user.is_anonymous, session.session_key, dict(session.items())) == (True, None, {})
    assert questions.asked == []


async def test_those_who_come_at_once_are_looked_up_together(questions: Questions) -> None:
    names = {f"person-{number}" for number in range(20)}
    keys = [await sync_to_async(log_in)(name) for name in sorted(names)]
    cookies = [f"sessionid={key}" for key in [*keys, keys[0], "unknownkey"]]
    found = await asyncio.gather(*(who(cookie) for cookie in cookies))
    assert [answer.user.username for answer in found] == [*sorted(names), "person-0", ""]
    assert len(questions.asked) == 1
    await who(cookies[0])
    assert len(questions.asked) == 2, "an answer is never older than the question"


async def test_everybody_who_waits_hears_of_a_database_that_is_away(questions: Questions) -> None:
    key = await sync_to_async(log_in)("mia")
    questions.fails = True
    found = await asyncio.gather(*(who(f"sessionid={key}") for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in found] == [OperationalError] * 3
    questions.fails = False
    assert (await who(f"sessionid={key}")).user.username == "mia"


async def test_too_many_who_wait_are_refused(questions: Questions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examplechannels.questions.MAX_WAITING_KEYS", 2)
    keys = [await sync_to_async(log_in)(f"person-{number}") for number in range(3)]
    found = await asyncio.gather(*(who(f"sessionid={key}") for key in keys), return_exceptions=True)
    assert sorted(type(one).__name__ for one in found) == ["OperationalError", "Who", "Who"]
