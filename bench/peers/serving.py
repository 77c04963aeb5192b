"""Serves consumers on the uvicorn that we serve with, and publishes a reading in each slot.

Nothing stands in front of the consumers (no origin rule, no session), which is to their advantage.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import django
import uvicorn
from channels.routing import URLRouter

from examplechannels.lifespan import tune_garbage_collector
from examplechannels.ticker import TICK_SECONDS

from .slots import every_slot

Publish = Callable[[str], Awaitable[None]]


def serve(router: URLRouter, publish: Publish, port: int, interval: float = TICK_SECONDS) -> None:
    """Until a signal; `publish` is awaited with the text of each reading, `interval` seconds apart."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send, publish, interval)
        else:
            await router(scope, receive, send)

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examplechannels.settings")
    django.setup()
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


async def lifespan(receive: Any, send: Any, publish: Publish, interval: float) -> None:
    await receive()
    tune_garbage_collector()
    task = asyncio.create_task(publish_every_slot(publish, interval))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await send({"type": "lifespan.shutdown.complete"})


async def publish_every_slot(publish: Publish, interval: float) -> None:
    tasks: set[asyncio.Future[None]] = set()

    def push(text: str) -> None:
        task = asyncio.ensure_future(publish(text))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    await every_slot(push, interval)
