"""Who may look: everyone, or with LOGIN_REQUIRED=1 who is logged in, and walls that show a view token."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from examplechannels.doors import Application, refusal
from examplechannels.questions import ask
from two.models import AccessToken

logger = logging.getLogger(__name__)

LOG_IN = 4401
RECHECK_SECONDS = 30.0  # how long a wall goes on after its token was revoked
View = TypeVar("View", bound=Callable[..., Any])


def open_to_walls(view: View) -> View:
    """Lets a view token open this view."""
    view.open_to_walls = True  # type: ignore[attr-defined]
    return view


def post_has_token(view: View) -> View:
    """A POST to this view needs no login: the view looks at a token itself."""
    view.post_has_token = True  # type: ignore[attr-defined]
    return view


def opens(token: str) -> bool:
    """Whether this is a view token that was not revoked. Blocks."""
    digest = AccessToken.digest_of(token)
    return AccessToken.objects.filter(scope=AccessToken.Scope.VIEW, digest=digest, revoked=None).exists()


class LookMiddleware(LoginRequiredMiddleware):
    """Django's, with walls; who asks for data instead of a page gets 401 instead of the login page."""

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: tuple[Any, ...], view_kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if request.method == "POST" and getattr(view_func, "post_has_token", False):
            return None
        token = request.GET.get("view")
        if token and getattr(view_func, "open_to_walls", False) and opens(token):
            return None
        answer: HttpResponseBase | None = super().process_view(request, view_func, view_args, view_kwargs)
        if answer is not None and "text/html" not in request.headers.get("Accept", ""):
            return refusal(401, "log-in", _("Log in first."))
        if answer is not None and "view" in request.GET:  # a token that does not open is not to travel on
            return redirect_to_login(request.path, self.get_login_url(view_func))
        return answer


def visitors_only(inner: Application) -> Application:
    """For WebSockets, behind the session: closes with 4401 who may not look."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if not settings.LOGIN_REQUIRED or scope["user"].is_authenticated:
            await inner(scope, receive, send)
            return
        token = parse_qs(scope["query_string"].decode(errors="replace")).get("view", [""])[0]
        if not scope["path"].startswith("/ws/two") or not await ask(lambda: opens(token), urgent=True):
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": LOG_IN})
            return
        watch = asyncio.create_task(_close_when_revoked(token, send), name="view token")
        try:
            await inner(scope, receive, send)
        finally:
            watch.cancel()

    return application


async def _close_when_revoked(token: str, send: Any) -> None:
    while True:
        await asyncio.sleep(RECHECK_SECONDS)
        try:
            is_open = await ask(lambda: opens(token), urgent=True)
        except DatabaseError as error:
            logger.warning("A view token could not be looked up: %s", error)
            continue
        if not is_open:
            await send({"type": "websocket.close", "code": LOG_IN})
            return
