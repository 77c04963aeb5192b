"""The one ASGI router: HTTP to Django, WebSockets through the origin rule and the session to their consumers."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examplechannels.settings")
django_application = get_asgi_application()  # before what follows: consumers need the apps to be ready

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path, re_path  # noqa: E402

import one.routing  # noqa: E402
import threechat.routing  # noqa: E402
import two.routing  # noqa: E402
from examplechannels.access_log import observed  # noqa: E402
from examplechannels.address_limits import limit_requests, limit_sockets  # noqa: E402
from examplechannels.connections import connections  # noqa: E402
from examplechannels.doors import PROBES, limit_body, origin_rule, refuse_unknown  # noqa: E402
from examplechannels.handshakes import with_user  # noqa: E402
from examplechannels.headers import with_headers  # noqa: E402
from examplechannels.lifespan import lifespan  # noqa: E402
from examplechannels.outages import unless_away  # noqa: E402
from examplechannels.proxies import behind_proxies  # noqa: E402
from examplechannels.request_threads import with_lasting_threads  # noqa: E402
from examplechannels.visitors import visitors_only  # noqa: E402
from threechat.media.door import body_limit, is_upload, paced_uploads  # noqa: E402
from two.ingest.door import brings_readings  # noqa: E402
from two.ingest.socket import ingest  # noqa: E402
from two.recorder import recorder  # noqa: E402

pages = URLRouter(
    [
        *one.routing.websocket_urlpatterns,
        *two.routing.websocket_urlpatterns,
        *threechat.routing.websocket_urlpatterns,
        re_path("", refuse_unknown),  # type: ignore[arg-type]
    ]
)


def is_free(scope: Any) -> bool:
    """What does not count among an address's requests: uploads and readings have limits of their own."""
    path = scope["path"]
    return is_upload(scope) or brings_readings(scope) or path in PROBES or path.startswith(settings.STATIC_URL)


sockets = URLRouter(
    [
        path("ws/two/ingest/", ingest),  # type: ignore[arg-type]  # devices: no origin and no session, a token
        re_path("", origin_rule(unless_away(with_user(visitors_only(pages))))),  # type: ignore[arg-type]
    ]
)
requests = limit_body(paced_uploads(unless_away(with_lasting_threads(django_application))), body_limit)
application = behind_proxies(
    observed(
        ProtocolTypeRouter(
            {
                "http": with_headers(limit_requests(requests, is_free)),
                "websocket": limit_sockets(connections.known(sockets)),
                "lifespan": lifespan(at_end=recorder.close),
            }
        )
    )
)
