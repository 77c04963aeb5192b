"""What people and programs get while the database, or space on a disk, is away: 503, and to be asked again later.

Django's own answer is 500 and a traceback for each request.
"""

import errno
import logging
import sqlite3
import sys
from contextlib import suppress
from functools import partial
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

from examplechannels.close_codes import TRY_LATER
from examplechannels.complaints import Complaints
from examplechannels.doors import Application, not_now, retry_after, send_refusal
from examplechannels.logs import first_line, is_bad_sql

complaints = Complaints(logging.getLogger(__name__))

AWAY = (OperationalError, InterfaceError)
RETRY_SECONDS = 5
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
DISK_FULL = "53100"  # PostgreSQL's sqlstate


def is_full(error: BaseException | None) -> bool:
    """Whether a disk has no space left: a file's or, for certain with nothing stored, the database's."""
    if isinstance(error, OSError):
        return error.errno in NO_SPACE
    cause = getattr(error, "__cause__", None)
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
    return getattr(cause, "sqlstate", "") == DISK_FULL


def is_outage(error: BaseException | None) -> bool:
    return (isinstance(error, AWAY) and not is_bad_sql(error)) or is_full(error)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`, which it calls where a view or a middleware raised."""
    if not is_outage(sys.exc_info()[1]):
        return defaults.server_error(request)
    if "text/html" not in request.headers.get("Accept", ""):
        return not_now(RETRY_SECONDS)
    return HttpResponse(render_to_string("503.html"), status=503, headers=retry_after(RETRY_SECONDS))


def unless_away(inner: Application) -> Application:
    """The same in front of Django, and for WebSockets: 503 or, once one is open, a close with 1013."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        has_begun = False

        async def noted(message: Any) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await inner(scope, receive, noted)
        except Exception as error:
            if not is_outage(error):
                raise
            complaints.say("%s was not served: %s", scope["path"], first_line(error))
            if scope["type"] == "websocket":
                # Browsers are told why only by a close, which comes after the handshake alone.
                with suppress(Exception):  # the peer is gone, or the socket was closed already
                    if not has_begun:
                        await send({"type": "websocket.accept"})
                    await send({"type": "websocket.close", "code": TRY_LATER})
            elif not has_begun:
                await send_refusal(scope, send, partial(not_now, RETRY_SECONDS))

    return application
