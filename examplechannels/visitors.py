"""Who may look: everyone, or with LOGIN_REQUIRED=1 who is logged in, and walls.

A wall is a display that nobody logs in on: a view token in its address opens it the dashboard.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from examplechannels.broadcast import broadcast
from examplechannels.close_codes import LOG_IN
from examplechannels.connections import Connection
from examplechannels.doors import Application, refusal
from examplechannels.questions import ask
from examplechannels.rechecks import Rechecks
from examplechannels.sessions import Account, account_of, standing
from two.models import AccessToken

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
    return _view_tokens().filter(digest=AccessToken.digest_of(token)).exists()


def _view_tokens() -> "QuerySet[AccessToken]":
    return AccessToken.objects.filter(scope=AccessToken.Scope.VIEW, revoked=None)


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


class Wall(NamedTuple):
    """What a wall was let in with."""

    digest: str  # of its view token


class Visitors(Rechecks):
    """Sockets for which LOGIN_REQUIRED=1 asked for a login or a view token: they end with it."""

    def looked_up(self, badges: list[Account | Wall]) -> list[tuple[int, Account | Wall]]:
        accounts = standing({badge for badge in badges if isinstance(badge, Account)})
        walls = {badge.digest for badge in badges if isinstance(badge, Wall)}
        open_walls = set(_view_tokens().filter(digest__in=walls).values_list("digest", flat=True)) if walls else set()
        return [
            (0 if (badge in accounts if isinstance(badge, Account) else badge.digest in open_walls) else LOG_IN, badge)
            for badge in badges
        ]


visitors = Visitors(broadcast)


class Visitor(Connection):
    """One such socket. Whoever closes it first has the last word."""

    def __init__(self, badge: Account | Wall, send: Any) -> None:
        super().__init__(send)
        self.badge = badge

    async def expel(self, code: int) -> None:
        await self.close(code)


def visitors_only(inner: Application) -> Application:
    """For WebSockets, behind the session: closes with 4401 who may not look, or not any more."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if not settings.LOGIN_REQUIRED:
            await inner(scope, receive, send)
            return
        badge = account_of(scope["user"], scope["session"]) or await _wall(scope)
        if badge is None:
            await receive()
            await Connection(send).close(LOG_IN)
            return
        visitor = Visitor(badge, send)
        try:
            await visitors.add(visitor)
            visitors.look_at(visitor)
            await inner(scope, receive, visitor.send)
        finally:
            visitors.discard(visitor)

    return application


async def _wall(scope: Any) -> Wall | None:
    """Who shows a view token to the dashboard's socket."""
    token = parse_qs(scope["query_string"].decode(errors="replace")).get("view", [""])[0]
    if not token or not scope["path"].startswith("/ws/two") or not await ask(lambda: opens(token), urgent=True):
        return None
    return Wall(AccessToken.digest_of(token))
