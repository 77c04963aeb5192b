"""What is answered while the database or space on a disk is away, without a server."""

import errno
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError, connection
from django.test import AsyncClient, Client

from examplechannels.close_codes import TRY_LATER
from examplechannels.outages import is_outage, unless_away
from tests.sockets import Communicator

OUTAGES = [OperationalError("no route to host"), InterfaceError("closed"), OSError(errno.ENOSPC, "No space left")]


def fails(error: Exception) -> Callable[..., Any]:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", OUTAGES)
def test_a_page_is_answered_with_503_and_says_when_to_come_back(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threechat.views.rooms_listed_for", fails(error))
    client = Client(raise_request_exception=False)
    answer = client.get("/chat/", headers={"accept": "text/html"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Not now" in answer.content.decode()
    answer = client.get("/chat/?format=json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")


def test_a_mistake_of_ours_is_a_500_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.views.rooms_listed_for", fails(ProgrammingError("syntax error")))
    assert Client(raise_request_exception=False).get("/chat/").status_code == 500


@pytest.mark.django_db
def test_bad_sql_is_a_mistake_of_ours() -> None:
    """On SQLite it is Django's OperationalError."""
    with pytest.raises(DatabaseError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT nothing_such FROM auth_user")
    assert not is_outage(caught.value)
    assert is_outage(OperationalError("locked"))


def test_a_session_that_cannot_be_looked_up_is_one_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Which happens in a middleware, where `process_exception` is not called."""
    session = "django.contrib.sessions.backends.db.SessionStore"
    monkeypatch.setattr(f"{session}.load", fails(OUTAGES[0]))
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "a" * 32
    assert client.get("/accounts/login/").status_code == 503
    assert "no route to host" in caplog.text


async def test_an_async_view_is_answered_alike(async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.media.views.ask", fails(OUTAGES[0]))
    async_client.raise_request_exception = False
    answer = await async_client.get(f"/chat/media/{'a' * 32}.png")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("is_open", [False, True])
async def test_a_socket_closes_with_1013(is_open: bool) -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        if is_open:
            await send({"type": "websocket.accept"})
        raise OUTAGES[0]

    client = Communicator(unless_away(inner), "/ws/")
    assert await client.connect() == (True, None)
    assert await client.receive_output() == {"type": "websocket.close", "code": TRY_LATER}


async def test_a_socket_that_was_closed_already_is_no_error() -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        raise OUTAGES[0]

    async def send(message: Any) -> None:
        raise RuntimeError("Unexpected ASGI message")

    await unless_away(inner)({"type": "websocket", "path": "/ws/"}, None, send)
