"""Calls back once per time slot while somebody watches.

A slot is the number of whole periods since 1970 (`slot_at`), so every process and host counts the same
slots with no coordination, and what is shown can be a function of the slot.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextvars import Context

logger = logging.getLogger(__name__)

TICK_SECONDS = 2


def slot_at(seconds: float) -> int:
    """The slot of a Unix time in seconds."""
    return int(seconds // TICK_SECONDS)


def slot_start_ms(slot: int) -> int:
    """When a slot begins, in Unix milliseconds: the `at` of what is shown in it."""
    return slot * TICK_SECONDS * 1000


class Ticker:
    """Awaits `on_slot(slot)` at the start of each slot from the first `watch` to the last `unwatch`."""

    def __init__(
        self,
        on_slot: Callable[[int], Awaitable[None]],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._on_slot = on_slot
        self._clock = clock
        self._sleep = sleep
        self._watchers = 0
        self._slot = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self._task is not None

    async def watch(self) -> int:
        """Counts one watcher more. Returns the slot to show now; `on_slot` begins with the next."""
        self._watchers += 1
        if self._task is None:
            self._slot = slot_at(self._clock())
            # A context of its own: the task must outlive the visitor who happened to start it.
            self._task = asyncio.create_task(self._run(), name="ticker", context=Context())
        return self._slot

    async def unwatch(self) -> None:
        self._watchers -= 1
        if self._watchers == 0 and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            now = self._clock()
            # After a jump of the clock, either way, go on with the present slot.
            due = min(max(self._slot + 1, slot_at(now)), slot_at(now) + 1)
            await self._sleep(max(0.0, due * TICK_SECONDS - now))
            if slot_at(self._clock()) < due:
                continue  # woken early
            self._slot = due
            try:
                await self._on_slot(due)
            except Exception:
                logger.exception("slot %d was not shown", due)
