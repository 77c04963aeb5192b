"""Who comes with a WebSocket: Channels' own middleware, over the connection of a thread that stays.

Channels asks in the thread that all sync code shares, over the requests' pool: while that is busy each of a crowd that
comes back would wait for it, one after the other.
"""

from typing import Any

from channels.auth import AuthMiddleware, get_user
from channels.sessions import CookieMiddleware, SessionMiddleware

from examplechannels.doors import Application
from examplechannels.questions import ask_who_comes


class UserMiddleware(AuthMiddleware):
    async def resolve_scope(self, scope: Any) -> None:
        scope["user"]._wrapped = await ask_who_comes(lambda: get_user.func(scope))


def with_user(inner: Application) -> Application:
    """Channels' AuthMiddlewareStack."""
    found: Application = CookieMiddleware(SessionMiddleware(UserMiddleware(inner)))
    return found
