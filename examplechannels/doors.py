"""Who may come in, how much they may bring, and how they are refused."""

import logging
import math
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import JsonResponse
from django.http.request import split_domain_port, validate_host
from django.template.loader import render_to_string
from django.utils.http import is_same_domain
from django.utils.translation import gettext as _

from examplechannels.languages import activate_for
from examplechannels.logs import refused_handshake
from examplechannels.metrics import refusals

logger = logging.getLogger(__name__)
COUNTED = {401, 403, 413, 429, 503}

PROBES = {"/livez", "/readyz", "/metrics"}  # for supervisors, who want an answer also while everybody else waits

Application = Callable[[Any, Any, Any], Awaitable[None]]


def refusal(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> JsonResponse:
    """The JSON body of every refused request (docs/protocol.md, HTTP)."""
    count_refusal(status, code)
    return JsonResponse({"error": {"code": code, "detail": detail}}, status=status, headers=headers)


def not_now(seconds: float) -> JsonResponse:
    """The refusal of what would be answered at another time: worth asking again after `seconds`."""
    return refusal(503, "unavailable", _("Not now; try again in a moment."), retry_after(seconds))


def retry_after(seconds: float) -> dict[str, str]:
    """The header, in whole seconds."""
    return {"Retry-After": str(math.ceil(seconds))}


def count_refusal(status: int, code: str) -> None:
    """For /metrics; what is the sender's mistake, such as a bad reading, is none."""
    if status in COUNTED:
        refusals.labels(code).inc()


def header(scope: Any, name: bytes) -> str | None:
    """The one header of this name; None without it, "" when it came several times."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None if not values else ""


def _reason_against(scope: Any) -> str | None:
    """Why a handshake is refused, or None."""
    server = scope.get("server") or ("", None)
    host = header(scope, b"host") or f"{server[0]}:{server[1]}"
    ours, trusted = tuple(settings.ALLOWED_HOSTS), tuple(settings.CSRF_TRUSTED_ORIGINS)
    return _reason(host, header(scope, b"origin"), ours, trusted)


@lru_cache(128)  # nearly everybody comes from a few places
def _reason(host: str, origin: str | None, ours: tuple[str, ...], trusted: tuple[str, ...]) -> str | None:
    if not validate_host(split_domain_port(host)[0], ours):
        return f"host {host!r} is not in ALLOWED_HOSTS"
    if origin is None or _is_ours(origin, host, trusted):
        return None
    return f"origin {origin!r} is foreign to host {host!r}"


def _is_ours(origin: str, host: str, trusted: tuple[str, ...]) -> bool:
    """Same host and port as the server was called by, or listed in CSRF_TRUSTED_ORIGINS."""
    try:
        parts = urlsplit(origin)
        default_port = {"http": 80, "https": 443}[parts.scheme]
        name, port = split_domain_port(host)
        if name and parts.hostname == name.strip("[]") and (parts.port or default_port) == int(port or default_port):
            return True
    except (KeyError, ValueError):
        return False
    return any(
        parts.scheme == urlsplit(one).scheme and is_same_domain(parts.netloc, urlsplit(one).netloc.removeprefix("*"))
        for one in trusted
    )


def origin_rule(inner: Application) -> Application:
    """Refuses foreign and `null` origins with 403; without an Origin (a script) cookies do not count."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if reason := _reason_against(scope):
            logger.warning("WebSocket %.200r refused: %.300s", scope["path"], reason)
            refusals.labels("origin").inc()
            await refuse(scope, receive, send)
            return
        if header(scope, b"origin") is None:
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"cookie"]}
        await inner(scope, receive, send)

    return application


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Ends a WebSocket handshake with 403."""
    await receive()
    await send({"type": "websocket.close"})


async def refuse_unknown(scope: Any, receive: Any, send: Any) -> None:
    """The last route, for paths that no consumer has."""
    logger.info("WebSocket %.200r refused: no consumer has this path", scope["path"])
    await refuse(scope, receive, send)


async def refuse_with(status: int, scope: Any, receive: Any, send: Any, headers: dict[str, str]) -> None:
    """The same with a status that says more to a proxy or a script; on servers that cannot, with 403."""
    await receive()
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "websocket.http.response.start", "status": status, "headers": pairs})
    await send({"type": "websocket.http.response.body", "body": b""})
    refused_handshake.set(True)


def max_body_bytes(scope: Any) -> int:
    return int(settings.MAX_BODY_BYTES)


def limit_body(inner: Application, limit_of: Callable[[Any], int] = max_body_bytes) -> Application:
    """Ends requests whose body is over the bytes that `limit_of` allows with 413, before Django spools it to disk.

    Daphne reads the whole body before it calls the application, so this bound holds on uvicorn alone.
    """

    async def application(scope: Any, receive: Any, send: Any) -> None:
        limit = limit_of(scope)
        announced = header(scope, b"content-length") or "0"
        if announced.isdecimal() and int(announced) > limit:
            await _too_big(scope, send, limit)
            return
        received, refused = 0, False

        async def counted() -> Any:
            nonlocal received, refused
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                if not refused:
                    refused = True
                    await _too_big(scope, send, limit)
                return {"type": "http.disconnect"}
            return message

        async def unless_refused(message: Any) -> None:
            if not refused:
                await send(message)

        await inner(scope, counted, unless_refused)

    return application


async def _too_big(scope: Any, send: Any, limit: int) -> None:
    def too_big() -> JsonResponse:
        detail = _("A body is at most %(bytes)d bytes.") % {"bytes": limit}
        return refusal(413, "too-big", detail, {"Connection": "close"})

    await send_refusal(scope, send, too_big)


async def send_refusal(scope: Any, send: Any, made: Callable[[], JsonResponse]) -> None:
    """Sends, in front of Django, the refusal that is `made` in its reader's language; to a browser as a page."""
    activate_for(scope)
    refused = made()
    headers, body = dict(refused.headers), refused.content
    if "text/html" in (header(scope, b"accept") or ""):
        headers["Content-Type"] = "text/html; charset=utf-8"
        body = render_to_string(f"{refused.status_code}.html").encode()
    headers["Content-Length"] = str(len(body))
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refused.status_code, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
