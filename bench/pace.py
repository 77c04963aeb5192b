"""Acts evenly spread over time."""

import asyncio
import sys
import time
from collections.abc import Callable


async def every(seconds: float, act: Callable[[int], None], times: int = sys.maxsize) -> None:
    """`act(0)`, `act(1)`, …, as many as are due whenever the loop wakes; late ones are made up for.

    Without `times` it goes on until it is cancelled.
    """
    began = time.perf_counter()
    done = 0
    while done < times:
        due = min(int((time.perf_counter() - began) / seconds) + 1, times)
        for number in range(done, due):
            act(number)
        done = due
        await asyncio.sleep(max(0.0, began + done * seconds - time.perf_counter()))
