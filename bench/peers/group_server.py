"""Each consumer a member of the group, in-memory layer: `python -m bench.peers.group_server PORT`."""

import sys

from channels.layers import get_channel_layer
from channels.routing import URLRouter
from django.urls import re_path

from docs.steps.group import GROUP, GroupConsumer

from .serving import serve

router = URLRouter([re_path(r"^ws/two_url/$", GroupConsumer.as_asgi())])


async def publish(text: str) -> None:
    """Send a reading to the group, as the tutorials do."""
    layer = get_channel_layer()
    await layer.group_send(GROUP, {"type": "reading", "text": text})


if __name__ == "__main__":
    serve(router, publish, int(sys.argv[1]))
