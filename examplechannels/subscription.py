"""The one channel that a process has in the channel layer, and what it does when the layer loses frames.

No layer delivers for sure, and Redis does not say what it lost: a restart costs about a second of frames, a
killed connection some, neither raises anything. So a probe goes to the own channel every second. When one
does not return, or a connection was replaced, the groups are joined again, and once a probe returns
`on_loss` is called.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any
from uuid import uuid4

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from examplechannels import metrics

logger = logging.getLogger(__name__)

LAYER_TIMEOUT_SECONDS = 1.5
PROBE_SECONDS = 1.0
RETRY_SECONDS = 0.3
LAYER_ERRORS = (RedisError, OSError, TimeoutError)


class Subscription:
    """Joins and leaves groups of the layer as `wanted` says; runs from the first wanted group to the last."""

    def __init__(
        self,
        alias: str,
        wanted: Callable[[], set[str]],
        on_event: Callable[[Any], Awaitable[None]],
        on_loss: Callable[[], None],
    ) -> None:
        self._alias = alias
        self._wanted = wanted
        self._on_event = on_event
        self._on_loss = on_loss
        self._joined: set[str] = set()
        self._channel = ""
        self._away = False
        self._receiver: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._probe = ""
        self._probe_returned = asyncio.Event()
        # Two first viewers at once must not make two channels.
        self._lock = asyncio.Lock()

    @property
    def _layer(self) -> Any:
        return get_channel_layer(self._alias)

    async def settle(self, group: str) -> None:
        """Joins or leaves `group`, whichever is wanted by now. Never raises: what fails is done later."""
        async with self._lock:
            wanted = self._wanted()
            if (group in wanted) == (group in self._joined) and wanted:
                return
            if not wanted:
                await self._stop()
                return
            if self._keeper is None and hasattr(self._layer, "connections_made"):
                self._keeper = _start(self._keep(), "subscription keeper")
            if not self._away:
                try:
                    await self._join_wanted()
                except Exception as error:  # the keeper tries again
                    self._lost(error)

    async def _join_wanted(self, again: bool = False) -> None:
        """Brings the layer's groups in line with `wanted`; `again` joins those as well that were joined before."""
        layer = self._layer
        if not self._channel:
            async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                self._channel = await layer.new_channel()
            self._receiver = _start(self._receive(self._channel), "subscription receiver")
        wanted = self._wanted()
        for group in wanted if again else wanted - self._joined:
            async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                await layer.group_add(group, self._channel)
            self._joined.add(group)
        for group in self._joined - wanted:
            async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                await layer.group_discard(group, self._channel)
            self._joined.discard(group)
        metrics.layer_groups.set(len(self._joined))

    async def _stop(self) -> None:
        """Leaves all groups and ends the tasks; the next `settle` starts anew, also when this is cancelled."""
        try:
            if self._channel:
                await self._join_wanted()
        except Exception as error:  # the layer forgets them with the channel
            logger.warning("Groups of the channel layer were not left: %r", error)
        finally:
            tasks = [task for task in (self._keeper, self._receiver) if task is not None]
            self._keeper = self._receiver = None
            self._channel = ""
            self._joined.clear()
            metrics.layer_groups.set(0)
            for task in tasks:
                task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _receive(self, channel: str) -> None:
        while True:
            try:
                message = await self._layer.receive(channel)
                if message.get("type") != "probe":
                    await self._on_event(message)
                elif message["text"] == self._probe:
                    self._probe_returned.set()
            except Exception:
                logger.exception("an event was not handed out")
                await asyncio.sleep(RETRY_SECONDS)  # should the layer itself fail, not in a tight loop

    def _lost(self, error: BaseException) -> None:
        metrics.layer_answers.set(0)
        if not self._away:
            logger.warning("The channel layer does not answer (%s); trying again.", error or type(error).__name__)
        self._away = self._keeper is not None  # without a keeper (in memory) nobody would say that it is back

    async def _keep(self) -> None:
        """Probes while the process watches anything; repairs and reports every loss."""
        seen = None  # connections made so far; one more means that an old one was lost
        doubt = False
        while True:
            try:
                await self._send_probe()
                if self._away or seen not in (None, self._layer.connections_made):
                    doubt = True
                    async with self._lock:
                        await self._join_wanted(again=True)
                    await self._send_probe()
            except Exception as error:  # whatever a broken connection raises, probing goes on
                self._lost(error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            seen = self._layer.connections_made
            metrics.layer_answers.set(1)
            if doubt:
                logger.warning("The channel layer is back; pages fetch what they may have missed.")
                metrics.layer_reconnects.inc()
                self._away = doubt = False
                self._on_loss()
            await asyncio.sleep(PROBE_SECONDS)

    async def _send_probe(self) -> None:
        """Returns once a message to the own channel came back.

        Raises:
            TimeoutError, RedisError, OSError: it did not.
        """
        channel = self._channel  # none yet: then it is enough that the layer takes the message
        self._probe = uuid4().hex
        self._probe_returned.clear()
        async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
            await self._layer.send(channel or "nobody", {"type": "probe", "text": self._probe})
            if channel:
                await self._probe_returned.wait()


def _start(coroutine: Any, name: str) -> asyncio.Task[None]:
    """A task in a context of its own, so that it does not inherit a visitor's thread."""
    return asyncio.create_task(coroutine, name=name, context=Context())
