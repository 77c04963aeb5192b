"""What a worker does before its first visitor and after its last (uvicorn; Daphne has no such events)."""

import gc
from collections.abc import Awaitable, Callable
from typing import Any

from examplechannels.background import background

# With the collector as it comes, half of the CPU at 9,000 sockets goes into looking at objects that stay
# (docs/benchmarks.md, Nine thousand). Much rarer than this, what sockets leave behind, 3 kB each, piles up.
GC_THRESHOLDS = (10_000, 10, 5)


def tune_garbage_collector() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def lifespan(at_end: Callable[[], Awaitable[None]]) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """The ASGI application for lifespan events; `at_end` finishes what must not be lost."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                background.start()
                tune_garbage_collector()
            else:
                await background.stop()
                await at_end()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    return application
