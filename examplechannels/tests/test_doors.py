from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from pytest_django import Settings

from examplechannels.doors import limit_body
from tests.sockets import HOST, opened, socket

pytestmark = pytest.mark.django_db(transaction=True)

PATHS = ["/ws/any_url/", "/ws/two_url/", "/ws/chat/room1/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", [f"http://{HOST}", f"https://{HOST}", None])
async def test_our_own_pages_and_scripts_are_let_in(path: str, origin: str | None) -> None:
    client = await opened(path, origin=origin)
    await client.disconnect()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "http://localhost:9999", "http://localhost", "nonsense", "file://", "http://["],
)
async def test_a_foreign_origin_is_refused_and_the_log_says_why(
    path: str, origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    connected, _ = await socket(path, origin=origin).connect(timeout=5)
    assert not connected
    assert "is foreign to host" in caplog.text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", ""])
async def test_a_host_that_is_not_ours_is_refused(host: str) -> None:
    connected, _ = await socket("/ws/two/", host=host, origin=f"http://{host}").connect(timeout=5)
    assert not connected


async def test_two_origins_are_none_of_ours() -> None:
    client = socket("/ws/two/", origin=f"http://{HOST}")
    client.scope["headers"].append((b"origin", f"http://{HOST}".encode()))
    connected, _ = await client.connect(timeout=5)
    assert not connected


@pytest.mark.parametrize(
    ("trusted", "origin", "welcome"),
    [
        ("https://wall.example", "https://wall.example", True),
        ("https://wall.example", "http://wall.example", False),
        ("https://*.example.org", "https://a.example.org", True),
        ("https://*.example.org", "https://evil.org", False),
    ],
)
async def test_trusted_origins_are_let_in(settings: Settings, trusted: str, origin: str, welcome: bool) -> None:
    settings.CSRF_TRUSTED_ORIGINS = [trusted]
    client = socket("/ws/two/", origin=origin)
    connected, _ = await client.connect(timeout=5)
    assert connected is welcome
    await client.disconnect()


@pytest.mark.parametrize("path", ["/ws/nowhere/", "/ws/", "/", "/ws/any_url", "/ws/chat/room/x/", "/ws/chat/a/b/"])
async def test_an_unknown_path_is_refused_and_the_log_says_why(path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    connected, _ = await socket(path).connect(timeout=5)
    assert not connected
    assert f"WebSocket {path!r} refused: no consumer has this path" in caplog.messages


async def read_all(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads the body and answers how long it was."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        length += len(message["body"])
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


Communicator: Any = ApplicationCommunicator  # untyped


async def status_of(chunks: list[bytes], headers: list[tuple[bytes, bytes]]) -> int:
    client: Any = Communicator(limit_body(read_all), {"type": "http", "headers": headers})
    for number, chunk in enumerate(chunks, start=1):
        await client.send_input({"type": "http.request", "body": chunk, "more_body": number < len(chunks)})
    answer: dict[str, Any] = await client.receive_output(timeout=5)
    await client.wait()
    return int(answer["status"])


async def test_a_body_over_the_limit_is_refused_announced_or_not(settings: Settings) -> None:
    settings.MAX_BODY_BYTES = 100
    assert await status_of([b"x" * 100], [(b"content-length", b"100")]) == 200
    assert await status_of([], [(b"content-length", b"101")]) == 413
    assert await status_of([b"x" * 60, b"x" * 40], []) == 200
    assert await status_of([b"x" * 60, b"x" * 60, b"x" * 60], []) == 413
    assert await status_of([b"x" * 101], [(b"content-length", b"nonsense")]) == 413
