"""Whose word counts about where somebody comes from: TRUSTED_PROXIES, and who is on the other end of a Unix socket."""

from typing import Any

from django.conf import settings
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from examplechannels.doors import Application

UNIX_PEER = ("unix", 0)  # no address: no limit counts for it


def behind_proxies(inner: Application) -> Application:
    """Takes `client` and `scheme` from X-Forwarded-For and -Proto where a trusted proxy says them.

    Of several addresses in the header it is the last one that is no trusted proxy itself.
    """
    trusting: Any = ProxyHeadersMiddleware(inner, [*settings.TRUSTED_PROXIES, UNIX_PEER[0]])

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan" and not scope.get("client"):
            scope = {**scope, "client": UNIX_PEER, "through_unix_socket": True}
        await trusting(scope, receive, send)

    return application
