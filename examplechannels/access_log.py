"""The outermost ASGI wrapper: gives each request and socket an id, counts it, and logs it in a line."""

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from django.conf import settings

from examplechannels import metrics
from examplechannels.doors import PROBES, Application, header
from examplechannels.logs import request_id, without_secrets

logger = logging.getLogger(__name__)

PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_PATH_CHARACTERS = 300
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# A thousand devices and a probe a second would drown the log: where all is well, these are for DEBUG.
WRITES = {"/two/readings/", "/write", "/api/v2/write"}
APPS = {
    "/ws/any_url/": "one",
    "/ws/one/": "one",
    "/ws/two_url/": "two",
    "/ws/two/": "two",
    "/ws/two/ingest/": "ingest",
    "/ws/chat/": "chat-list",
}
CHAT = "/ws/chat/"

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


def observed(application: Application) -> Application:
    """Wraps the whole application. Frames of a fan-out do not pass here: they go through `scope["server_send"]`."""

    async def observe(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _request(application, scope, receive, send)
        elif scope["type"] == "websocket":
            scope["server_send"] = send
            socket = _Socket(scope, receive, send)
            try:
                await application(scope, socket.hear, socket.tell)
            finally:
                socket.end()
        else:
            await application(scope, receive, send)

    return observe


def app_of(path: str) -> str:
    """Which of `metrics.APPS` a socket's path belongs to."""
    return APPS.get(path) or ("chat" if path.startswith(CHAT) else "other")


async def _request(application: Application, scope: Any, receive: Receive, send: Send) -> None:
    started = time.perf_counter()
    id_header = _begin(scope)
    status = 0

    async def answer(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            message = _with_header(message, id_header)
        await send(message)

    try:
        await application(scope, receive, answer)
    except Exception:
        status = status or 500  # the server says so
        raise
    finally:
        seconds = time.perf_counter() - started
        method = scope["method"] if scope["method"] in METHODS else "other"
        status_class = f"{status // 100}xx" if status else "none"
        metrics.http_request_seconds.labels(method, status_class).observe(seconds)
        _log_request(scope, method, status, seconds)


class _Socket:
    """One handshake and what becomes of it. A thousand of these are open at once, so it is small."""

    __slots__ = ("_app", "_code", "_id_header", "_opened_at", "_outcome", "_receive", "_scope", "_send")

    def __init__(self, scope: Any, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._app = app_of(scope["path"])
        self._id_header = _begin(scope)
        self._opened_at = 0.0
        self._outcome = "failed"
        self._code: int | None = None

    async def hear(self) -> Any:
        message = await self._receive()
        if message["type"] == "websocket.disconnect" and self._code is None:
            self._code = message.get("code")
        return message

    async def tell(self, message: Any) -> None:
        kind = message["type"]
        if kind == "websocket.send":
            metrics.frames_sent.inc()
        elif kind == "websocket.accept":
            message = _with_header(message, self._id_header)
        elif self._outcome != "accepted":
            self._outcome = "refused"
        elif kind == "websocket.close" and self._code is None:
            self._code = message.get("code", 1000)
        await self._send(message)
        if kind == "websocket.accept":
            self._opened_at, self._outcome = time.perf_counter(), "accepted"
            metrics.websockets_open_of[self._app].inc()
            metrics.handshakes_of[self._app, "accepted"].inc()
            _log_socket(self._scope, self._app, "open")

    def end(self) -> None:
        if self._outcome == "accepted":
            metrics.websockets_open_of[self._app].dec()
            _log_socket(self._scope, self._app, "closed", self._code, time.perf_counter() - self._opened_at)
        else:
            metrics.handshakes_of[self._app, self._outcome].inc()
            _log_socket(self._scope, self._app, self._outcome)


def _begin(scope: Any) -> tuple[bytes, bytes]:
    """Sets the id of what begins, for its log records; returns it as a header."""
    found = header(scope, b"x-request-id") if scope.get("from_proxy") else None
    identity = found if found and PLAIN_ID.fullmatch(found) else secrets.token_hex(8)
    request_id.set(identity)  # never reset: the server makes a task, with its own context, for each
    return b"x-request-id", identity.encode()


def _with_header(message: Any, pair: tuple[bytes, bytes]) -> Any:
    return {**message, "headers": [*message.get("headers", ()), pair]}


def _path(scope: Any) -> str:
    return without_secrets(quote(scope["path"], safe="/:@"))[:MAX_PATH_CHARACTERS]


def _address(scope: Any) -> str:
    return str((scope.get("client") or [""])[0])


def _log_request(scope: Any, method: str, status: int, seconds: float) -> None:
    level = _level(scope["path"], method, status)
    if not logger.isEnabledFor(level):
        return
    path, address, milliseconds = _path(scope), _address(scope), round(seconds * 1000, 1)
    fields = {"method": method, "path": path, "status": status, "milliseconds": milliseconds, "address": address}
    text = "%s %s %s in %s ms from %s"
    logger.log(level, text, method, path, status or "hung up", milliseconds, address, extra={"fields": fields})


def _level(path: str, method: str, status: int) -> int:
    if status >= 500:
        return logging.WARNING if status == 503 else logging.ERROR
    quiet = path in PROBES or path.startswith(settings.STATIC_URL) or (method == "POST" and path in WRITES)
    return logging.DEBUG if quiet and 0 < status < 400 else logging.INFO


def _log_socket(scope: Any, app: str, event: str, code: int | None = None, seconds: float | None = None) -> None:
    if not logger.isEnabledFor(logging.INFO):
        return
    path, address = _path(scope), _address(scope)
    fields: dict[str, object] = {"app": app, "event": event, "path": path, "address": address}
    text = f"WebSocket {path} {event} from {address}"
    if seconds is not None:
        fields |= {"code": code, "seconds": round(seconds, 3)}
        text += f", code {code} after {seconds:.1f} s"
    logger.info("%s", text, extra={"fields": fields})
