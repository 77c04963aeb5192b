"""The tutorials' chats, in-memory layer: `python -m bench.peers.chat_server PORT`."""

import os
import sys

import django
from channels.routing import URLRouter
from django.urls import re_path

from .serving import serve

NEVER_SECONDS = 1e6


async def publish(text: str) -> None:
    """Nobody speaks here but people."""


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examplechannels.settings")
    django.setup()  # before models are imported
    from .chat_consumers import ForgetfulConsumer, StoringConsumer

    router = URLRouter(
        [
            re_path(r"^ws/forgets/(?P<room>\w+)/$", ForgetfulConsumer.as_asgi()),
            re_path(r"^ws/stores/(?P<room>\w+)/$", StoringConsumer.as_asgi()),
        ]
    )
    serve(router, publish, int(sys.argv[1]), NEVER_SECONDS)
