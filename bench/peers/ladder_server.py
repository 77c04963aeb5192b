"""The six rungs of docs/steps, in-memory layer: `python -m bench.peers.ladder_server PORT SECONDS`."""

import json
import sys

from channels.layers import get_channel_layer
from channels.routing import URLRouter
from django.urls import re_path

from docs.steps import async_chat, echo, fan_out, group, loop_in_connect, sync_chat
from examplechannels.broadcast import event

from .serving import serve

router = URLRouter(
    [
        re_path(r"^ws/loop_in_connect/$", loop_in_connect.LoopConsumer.as_asgi()),
        re_path(r"^ws/echo/$", echo.EchoConsumer.as_asgi()),
        re_path(r"^ws/sync_chat/$", sync_chat.SyncChatConsumer.as_asgi()),
        re_path(r"^ws/async_chat/$", async_chat.AsyncChatConsumer.as_asgi()),
        re_path(r"^ws/group/$", group.GroupConsumer.as_asgi()),
        re_path(r"^ws/fan_out/$", fan_out.FanOutConsumer.as_asgi()),
    ]
)


async def publish(text: str) -> None:
    """Send the same reading to both groups; the one that nobody watches costs next to nothing."""
    layer = get_channel_layer()
    await layer.group_send(group.GROUP, {"type": "reading", "text": text})
    await layer.group_send(fan_out.GROUP, event(fan_out.GROUP, json.loads(text)))


if __name__ == "__main__":
    serve(router, publish, int(sys.argv[1]), float(sys.argv[2]))
