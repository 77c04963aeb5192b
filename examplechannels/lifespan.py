"""What a worker does once before its first visitor (uvicorn; Daphne has no such event)."""

import gc
from typing import Any

# With the collector as it comes, half of the CPU at 9,000 sockets goes into looking at objects that stay
# (docs/benchmarks.md, Nine thousand). Much rarer than this, what sockets leave behind, 3 kB each, piles up.
GC_THRESHOLDS = (10_000, 10, 5)


def tune_garbage_collector() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            tune_garbage_collector()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
