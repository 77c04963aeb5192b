"""A reading at each slot boundary, the same on every peer."""

import asyncio
import json
import time
from collections.abc import Callable

from examplechannels.ticker import TICK_SECONDS


def reading_at(slot: int, interval: float) -> str:
    """The JSON of a slot of `interval` seconds; `at` is its start in Unix ms."""
    at = round(slot * interval * 1000)
    reading = {
        "data": slot % 101,
        "device": "random",
        "metric": "value",
        "unit": "",
        "at": at,
    }
    return json.dumps(reading, separators=(",", ":"))


async def every_slot(push: Callable[[str], object], interval: float = TICK_SECONDS) -> None:
    """Call `push` with the reading of each slot as it begins; never returns."""
    slot = 0
    while True:
        slot = max(slot, int(time.time() / interval)) + 1  # a timer may be early
        await asyncio.sleep(slot * interval - time.time())
        push(reading_at(slot, interval))
