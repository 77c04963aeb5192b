from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from pytest_django import Settings

from threechat.media import door
from threechat.media.door import FORM_BYTES, body_limit, paced_uploads

Communicator: Any = ApplicationCommunicator  # untyped


def scope(path: str = "/chat/room1/media/", method: str = "POST", address: str | None = "10.0.0.1") -> Any:
    client = (address, 1) if address else None
    return {"type": "http", "method": method, "path": path, "headers": [], "client": client}


async def accept(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def status_of(application: Any, asked: Any) -> tuple[int, dict[bytes, bytes]]:
    client = Communicator(application, asked)
    await client.send_input({"type": "http.request", "body": b""})
    answer = await client.receive_output(timeout=5)
    await client.wait()
    return int(answer["status"]), dict(answer["headers"])


@pytest.mark.parametrize("path", ["/chat/room1/media/", "/chat/房间/media/", "/chat/media/media/"])
def test_an_upload_may_be_larger_than_other_bodies(settings: Settings, path: str) -> None:
    assert body_limit(scope(path)) == settings.MAX_UPLOAD_BYTES + FORM_BYTES
    assert body_limit(scope(path, method="PUT")) == settings.MAX_BODY_BYTES


@pytest.mark.parametrize(
    "path",
    [
        "/chat/room1/media",
        "/chat/a/b/media/",
        "/chat/room1/messages/",
        "/two/readings/",
        "/chat//media/",
        "/x/chat/a/media/",
    ],
)
def test_nothing_else_is(settings: Settings, path: str) -> None:
    assert body_limit(scope(path)) == settings.MAX_BODY_BYTES


async def test_an_address_that_sends_too_many_is_told_when_to_come_again() -> None:
    application = paced_uploads(accept)
    for _ in range(door.BURST_UPLOADS):
        assert (await status_of(application, scope()))[0] == 201
    status, headers = await status_of(application, scope())
    assert status == 429
    assert 1 <= int(headers[b"retry-after"]) <= door.UPLOAD_SECONDS
    assert (await status_of(application, scope(address="10.0.0.2")))[0] == 201
    assert (await status_of(application, scope(path="/chat/room1/")))[0] == 201


async def test_a_proxy_behind_a_socket_is_not_taken_for_one_sender() -> None:
    application = paced_uploads(accept)
    for _ in range(door.BURST_UPLOADS + 5):
        assert (await status_of(application, scope(address=None)))[0] == 201


async def test_slow_uploads_of_one_address_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "UPLOADS_AT_ONCE", 2)
    application = paced_uploads(accept)
    slow = [Communicator(application, scope()) for _ in range(2)]
    for client in slow:
        assert await client.receive_nothing()  # its body is not there yet
    assert (await status_of(application, scope()))[0] == 429
    for client in slow:
        await client.send_input({"type": "http.request", "body": b""})
        await client.wait()
    assert (await status_of(application, scope()))[0] == 201
