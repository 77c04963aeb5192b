"""Each consumer a member of the group, in-memory layer, on the uvicorn we serve with.

`python -m bench.peers.group_server PORT [SECONDS]`. Nothing stands in front of the
consumer (no origin rule, no session), which is to its advantage.
"""

import asyncio
import sys
from contextlib import suppress
from typing import Any

import django
import uvicorn
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from django.urls import re_path

from docs.steps.group import GROUP, GroupConsumer
from examplechannels.lifespan import tune_garbage_collector

from .slots import every_slot

INTERVAL = float(sys.argv[2]) if len(sys.argv) > 2 else 2.0
router = URLRouter([re_path(r"^ws/two_url/$", GroupConsumer.as_asgi())])


async def publish(text: str) -> None:
    """Send a reading to the group, as the tutorials do."""
    layer = get_channel_layer()
    await layer.group_send(GROUP, {"type": "reading", "text": text})


async def publish_every_slot() -> None:
    tasks: set[asyncio.Task[None]] = set()

    def push(text: str) -> None:
        task = asyncio.create_task(publish(text))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    await every_slot(push, INTERVAL)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    else:
        await router(scope, receive, send)


async def lifespan(receive: Any, send: Any) -> None:
    await receive()
    tune_garbage_collector()
    task = asyncio.create_task(publish_every_slot())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    django.setup()
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
