"""Whose word counts about where somebody comes from: TRUSTED_PROXIES, and who is on the other end of a Unix socket."""

import logging
from typing import Any

from django.conf import settings
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from examplechannels.doors import Application, header

logger = logging.getLogger(__name__)

UNIX_PEER = ("unix", 0)  # no address: no limit counts for it


def behind_proxies(inner: Application) -> Application:
    """Takes `client` and `scheme` from X-Forwarded-For and -Proto where a trusted proxy says them.

    Of several addresses in the header it is the last one that is no trusted proxy itself. `from_proxy` in the scope
    says whether there is such a proxy.
    """
    reading_headers: Any = ProxyHeadersMiddleware(inner, [*settings.TRUSTED_PROXIES, UNIX_PEER[0]])
    is_told = False

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal is_told
        is_proxy = False
        if scope["type"] != "lifespan":
            client = scope.get("client") or UNIX_PEER
            is_proxy = client[0] in reading_headers.trusted_hosts
            scope = {**scope, "client": client, "from_proxy": is_proxy}
            if not is_proxy and not is_told and header(scope, b"x-forwarded-for"):
                is_told = True
                logger.warning(
                    "%s sends X-Forwarded-For and is not in TRUSTED_PROXIES: it counts as a visitor.", client[0]
                )
        await (reading_headers if is_proxy else inner)(scope, receive, send)

    return application
