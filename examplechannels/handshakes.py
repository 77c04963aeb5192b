"""Who comes with a WebSocket: the session and the user in its scope, as Channels' AuthMiddlewareStack puts them there.

Channels asks the database twice for each handshake, in the thread that all sync code shares. Here those who come at
once are looked up together, over the connection of a thread that stays, and who brings no session is not looked up at
all (docs/benchmarks.md, Handshakes).
"""

import re
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import parse_cookie

from examplechannels.doors import Application, header
from examplechannels.questions import AskedTogether, ask_who_comes
from examplechannels.sessions import open_sessions

SESSION_KEY = re.compile(r"[a-z0-9]{8,40}")

_session_store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore


class OpenSession(_session_store):  # type: ignore[valid-type, misc]
    """A session whose content was looked up already."""

    def __init__(self, session_key: str, content: dict[str, Any]) -> None:
        super().__init__(session_key)
        self._content = content

    def load(self) -> dict[str, Any]:
        return self._content


_open_sessions = AskedTogether(open_sessions, ask_who_comes)


def with_user(inner: Application) -> Application:
    """Adds `session` and `user` to the scope."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        session, user = _session_store(), None
        if (key := _session_key(scope)) and (found := await _open_sessions.ask(key)):
            content, user = found
            session = OpenSession(key, content)
        await inner({**scope, "session": session, "user": user or AnonymousUser()}, receive, send)

    return application


def _session_key(scope: Any) -> str:
    """The one that the cookie names; "" for what can be none: a database may refuse it, and others' along with it."""
    cookie = header(scope, b"cookie")
    key: str = parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME, "") if cookie else ""
    return key if SESSION_KEY.fullmatch(key) else ""
