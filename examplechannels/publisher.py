"""Sends events into the channel layer without anybody waiting for it."""

import asyncio
import logging
from collections import deque
from contextvars import Context
from typing import TYPE_CHECKING

from channels.layers import get_channel_layer

from examplechannels.subscription import LAYER_ERRORS, LAYER_TIMEOUT_SECONDS, RETRY_SECONDS

if TYPE_CHECKING:
    from examplechannels.broadcast import BroadcastEvent

logger = logging.getLogger(__name__)

MAX_QUEUED_EVENTS = 1000
MAX_GROUPS_IN_DOUBT = 10_000


class Publisher:
    """One bounded queue and, while it holds something, one task.

    What could not be sent is forgotten, and its group gets an event without text as soon as the layer
    answers again: viewers then `catch_up` (docs/architecture.md, rule 3).
    """

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._queue: deque[BroadcastEvent] = deque()
        self._in_doubt: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def publish(self, event: "BroadcastEvent") -> None:
        if len(self._queue) >= MAX_QUEUED_EVENTS:
            self._doubt(self._queue.popleft())
        self._queue.append(event)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="publisher", context=Context())

    def _doubt(self, event: "BroadcastEvent") -> None:
        if len(self._in_doubt) < MAX_GROUPS_IN_DOUBT:
            self._in_doubt.add(event["group"])

    async def _run(self) -> None:
        try:
            while self._queue or self._in_doubt:
                try:
                    await self._send_next()
                except Exception as error:  # a mistake of ours too: without this task nothing is sent
                    if not isinstance(error, LAYER_ERRORS):
                        logger.exception("an event was not sent")
                    # Who waits in the queue would wait as long again: all of it is lost together.
                    while self._queue:
                        self._doubt(self._queue.popleft())
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._task = None

    async def _send_next(self) -> None:
        """Sends one event; the queue still holds it when this raises."""
        group = next(iter(self._in_doubt), None)
        event: BroadcastEvent = self._queue[0] if group is None else {"type": "broadcast", "group": group, "text": None}
        async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
            await get_channel_layer(self._alias).group_send(event["group"], event)
        if group is not None:
            self._in_doubt.discard(group)
        elif self._queue and self._queue[0] is event:
            self._queue.popleft()
