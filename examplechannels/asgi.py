"""The one ASGI router: HTTP to Django, WebSockets through the origin rule and the session to their consumers."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examplechannels.settings")
django_application = get_asgi_application()  # before what follows: consumers need the apps to be ready

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path, re_path  # noqa: E402

import one.routing  # noqa: E402
import threechat.routing  # noqa: E402
import two.routing  # noqa: E402
from examplechannels.doors import limit_body, origin_rule, refuse  # noqa: E402
from examplechannels.lifespan import lifespan  # noqa: E402
from examplechannels.visitors import visitors_only  # noqa: E402
from threechat.media.door import body_limit, paced_uploads  # noqa: E402
from two.ingest.socket import ingest  # noqa: E402
from two.recorder import recorder  # noqa: E402

pages = URLRouter(
    [
        *one.routing.websocket_urlpatterns,
        *two.routing.websocket_urlpatterns,
        *threechat.routing.websocket_urlpatterns,
        re_path("", refuse),  # type: ignore[arg-type]
    ]
)
application = ProtocolTypeRouter(
    {
        "http": limit_body(paced_uploads(django_application), body_limit),
        "websocket": URLRouter(
            [
                path("ws/two/ingest/", ingest),  # type: ignore[arg-type]  # devices: no origin and no session, a token
                re_path("", origin_rule(AuthMiddlewareStack(visitors_only(pages)))),  # type: ignore[arg-type]
            ]
        ),
        "lifespan": lifespan(at_end=recorder.close),
    }
)
