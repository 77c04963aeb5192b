"""What a worker does before its first visitor and after its last (uvicorn; Daphne has no such events)."""

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from contextvars import Context
from functools import partial
from typing import Any

import uvicorn
from django.conf import settings

from examplechannels.background import background
from examplechannels.connections import connections

logger = logging.getLogger(__name__)

# With the collector as it comes, half of the CPU at 9,000 sockets goes into looking at objects that stay
# (docs/benchmarks.md, Nine thousand). Much rarer than this, what sockets leave behind, 3 kB each, piles up.
GC_THRESHOLDS = (10_000, 10, 5)

REQUEST_SECONDS = 5  # for requests and commits under way, once the sockets are closed; `serve` tells uvicorn
LAST_SECONDS = 13  # after the draining, longer than all of this takes; then the process ends, whatever hangs


def tune_garbage_collector() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def lifespan(at_end: Callable[[], Awaitable[None]]) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """The ASGI application for lifespan events; `at_end` finishes what must not be lost, within a bound of its own."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                drain_first(signal.SIGTERM, settings.DRAIN_SECONDS)
                drain_first(signal.SIGINT, 0)
                background.start()
                tune_garbage_collector()
            else:
                await background.stop()
                await at_end()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    return application


def drain_first(number: signal.Signals, seconds: float) -> None:
    """Puts the draining of all sockets, spread over `seconds`, before what the server does at this signal.

    uvicorn closes them all at once, and runs lifespan.shutdown last. A second signal is the server's at once.
    """
    before = signal.getsignal(number)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        return  # not under a server that ends by signals
    loop = asyncio.get_running_loop()
    task: asyncio.Task[None] | None = None

    async def drain(frame: Any) -> None:
        for listener in _shared_listeners(before):
            listener.close()
        await connections.drain(seconds)
        before(number, frame)

    def begin(frame: Any) -> None:
        nonlocal task
        task = asyncio.create_task(drain(frame), name="drain", context=Context())

    def handle(received: int, frame: Any) -> None:
        if connections.draining:
            before(received, frame)
        else:
            connections.draining = True
            watchdog = threading.Timer(seconds + LAST_SECONDS, _give_up)  # also for a loop that hangs
            watchdog.daemon = True
            watchdog.start()
            loop.call_soon_threadsafe(partial(begin, frame))

    signal.signal(number, handle)


def _shared_listeners(handler: Any) -> list[Any]:
    """Those of the uvicorn server whose method `handler` is, if other workers take what comes there.

    uvicorn itself closes them after the draining. A worker alone goes on listening, to tell a proxy by 503.
    """
    server = getattr(handler, "__self__", None)
    is_shared = isinstance(server, uvicorn.Server) and server.config.workers > 1
    return getattr(server, "servers", []) if is_shared else []


def _give_up() -> None:
    """A database that hangs keeps its thread for ever, and Python waits for threads."""
    logger.error("Did not end in time; what was not acknowledged may be lost.")
    os._exit(1)
