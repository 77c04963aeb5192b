import logging
from typing import Any

import pytest

from examplechannels.access_log import app_of, observed
from examplechannels.logs import request_id

LOGGER = "examplechannels.access_log"


def scope(path: str = "/two/", method: str = "GET", kind: str = "http", **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": kind, "method": method, "path": path, "headers": pairs, "client": ("10.0.0.9", 1)}


async def run(scope: Any, *answers: dict[str, Any], hears: dict[str, Any] | None = None) -> list[Any]:
    """Sends `answers` through the wrapper; returns what the server gets."""
    sent: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        for answer in answers:
            await send(answer)
        if hears:
            await receive()

    async def receive() -> Any:
        return hears

    async def send(message: Any) -> None:
        sent.append(message)

    await observed(application)(scope, receive, send)
    return sent


def start(status: int) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": [(b"a", b"b")]}


@pytest.mark.parametrize(
    ("method", "path", "status", "level"),
    [
        ("GET", "/two/", 200, logging.INFO),
        ("GET", "/two/", 404, logging.INFO),
        ("GET", "/livez", 200, logging.DEBUG),
        ("GET", "/metrics", 200, logging.DEBUG),
        ("GET", "/readyz", 503, logging.WARNING),
        ("GET", "/static/js/socket.js", 200, logging.DEBUG),
        ("GET", "/static/js/nothing.js", 404, logging.INFO),
        ("POST", "/two/readings/", 204, logging.DEBUG),
        ("GET", "/two/readings/", 200, logging.INFO),
        ("POST", "/two/readings/", 401, logging.INFO),
        ("POST", "/write", 204, logging.DEBUG),
        ("POST", "/api/v2/write", 503, logging.WARNING),
        ("GET", "/two/", 500, logging.ERROR),
    ],
)
async def test_what_is_many_and_well_is_for_debug(
    caplog: pytest.LogCaptureFixture, method: str, path: str, status: int, level: int
) -> None:
    caplog.set_level(logging.DEBUG, LOGGER)
    await run(scope(path, method), start(status))
    [told] = [found for found in caplog.records if found.name == LOGGER]
    assert told.levelno == level
    assert told.fields.items() >= {"method": method, "path": path, "status": status}.items()  # type: ignore[attr-defined]
    assert told.fields["address"] == "10.0.0.9"  # type: ignore[attr-defined]


async def test_a_path_cannot_write_lines_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    await run(scope("/a\nb\x1b" + "c" * 1000), start(404))
    assert caplog.messages[0].startswith("GET /a%0Ab%1Bcc")
    assert len(caplog.messages[0]) < 400


@pytest.mark.parametrize(
    ("from_proxy", "brought", "kept"),
    [
        (True, "an.id_7-x", True),
        (True, "x" * 64, True),
        (True, "x" * 65, False),
        (True, "a b", False),
        (True, "", False),
        (False, "an.id_7-x", False),
    ],
)
async def test_an_id_comes_from_a_trusted_proxy_or_is_new(from_proxy: bool, brought: str, kept: bool) -> None:
    [sent] = await run({**scope(x_request_id=brought), "from_proxy": from_proxy}, start(200))
    identity = dict(sent["headers"])[b"x-request-id"].decode()
    assert (identity == brought) is kept
    assert identity == request_id.get()
    assert sent["headers"][0] == (b"a", b"b")


async def test_a_socket_is_a_line_when_it_opens_and_one_when_it_closes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    gone = {"type": "websocket.disconnect", "code": 1001}
    [accepted] = await run(scope("/ws/two/", kind="websocket"), {"type": "websocket.accept"}, hears=gone)
    opened, closed = [found.fields for found in caplog.records]  # type: ignore[attr-defined]
    assert (opened["app"], opened["event"]) == ("two", "open")
    assert (closed["app"], closed["event"], closed["code"]) == ("two", "closed", 1001)
    assert closed["seconds"] >= 0
    assert accepted["headers"][0][0] == b"x-request-id"


async def test_the_code_that_was_sent_first_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    closing = {"type": "websocket.close", "code": 4403}
    gone = {"type": "websocket.disconnect", "code": 1006}
    await run(scope("/ws/chat/", kind="websocket"), {"type": "websocket.accept"}, closing, hears=gone)
    assert caplog.records[-1].fields["code"] == 4403  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answers", "event"), [([{"type": "websocket.close"}], "refused"), ([], "failed")], ids=["refused", "gone"]
)
async def test_a_handshake_that_opens_nothing_is_one_line(
    caplog: pytest.LogCaptureFixture, answers: list[Any], event: str
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    await run(scope("/ws/nowhere/", kind="websocket"), *answers)
    [told] = caplog.records
    assert told.fields["event"] == event  # type: ignore[attr-defined]


async def test_frames_of_a_fan_out_do_not_pass_the_wrapper() -> None:
    seen: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["server_send"], send))

    async def send(message: Any) -> None: ...

    await observed(application)(scope(kind="websocket"), send, send)
    [(fast, wrapped)] = seen
    assert fast is send
    assert wrapped is not send


@pytest.mark.parametrize(
    ("path", "app"),
    [
        ("/ws/one/", "one"),
        ("/ws/two_url/", "two"),
        ("/ws/two/ingest/", "ingest"),
        ("/ws/chat/", "chat-list"),
        ("/ws/chat/room/7/", "chat"),
        ("/ws/", "other"),
    ],
)
def test_a_socket_belongs_to_an_app_by_its_path(path: str, app: str) -> None:
    assert app_of(path) == app
