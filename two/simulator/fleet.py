"""Simulated devices that send what they measure, at their own pace, and again until it is acknowledged."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from examplechannels.backoff import Backoff
from examplechannels.interrupts import wait_for_stop
from two.simulator.link import Away, Link, Message, NotWelcome, Rejected
from two.simulator.signals import kind_of, values_of
from two.simulator.tally import Tally

LINE_FLUSH_SECONDS = 1.0  # how long a batch for many devices is collected
MAX_BEHIND = 100  # messages that a device keeps while nobody takes them
MAX_BATCH_MESSAGES = 1_000
MAX_FRAME_MESSAGES = 100
LONGEST_PAUSE_SECONDS = 5.0
GIVE_UP_SECONDS = 60.0


class GaveUp(Exception):
    """A batch was not taken for a minute."""


class Plan(NamedTuple):
    """What is simulated."""

    rate: float  # readings per second per device; a reading is one value
    seed: int
    seconds: float | None  # None: until it is stopped


class Pace:
    """When a device measures: all its metrics at once, so often that its readings come at the rate."""

    def __init__(self, device: str, plan: Plan, first_ms: float) -> None:
        self._device = device
        self._seed = plan.seed
        self._metrics = len(kind_of(device).signals)
        self._period_ms = 1000 * self._metrics / plan.rate
        self.next_ms = first_ms

    def due(self, now_ms: float, tally: Tally) -> Iterator[Message]:
        """What was measured since the last call; of a long time the latest part."""
        behind = int((now_ms - self.next_ms) / self._period_ms) - MAX_BEHIND
        if behind > 0:
            tally.left_out += behind * self._metrics
            self.next_ms += behind * self._period_ms
        while self.next_ms <= now_ms:
            at_ms = int(self.next_ms)
            self.next_ms += self._period_ms
            if values := values_of(self._device, at_ms, self._seed):
                yield Message(self._device, at_ms, values)


class Sender:
    """One link and the devices behind it.

    They begin within a second, or the time between two readings where that is less: after `share`, 0 to 1, of it.
    """

    def __init__(self, link: Link, devices: Sequence[str], plan: Plan, tally: Tally, share: float) -> None:
        self._link = link
        self._tally = tally
        # Spread, so that the devices are not all heard in the same moment.
        first_ms = time.time() * 1000 + 1000 * share * min(1, 1 / plan.rate)
        self._paces = [Pace(device, plan, first_ms) for device in devices]

    async def run(self, stopping: asyncio.Event) -> None:
        """Until the stop; what is under way is finished first.

        Raises:
            GaveUp, NotWelcome: there is no point in going on.
        """
        try:
            while not await wait_for_stop(stopping, self._pause()):
                now_ms = time.time() * 1000
                messages = [message for pace in self._paces for message in pace.due(now_ms, self._tally)]
                for first in range(0, len(messages), self._most):
                    if not stopping.is_set():
                        await self._deliver(messages[first : first + self._most], stopping)
        finally:
            await self._link.close()

    @property
    def _most(self) -> int:
        return MAX_BATCH_MESSAGES if len(self._paces) > 1 else MAX_FRAME_MESSAGES

    def _pause(self) -> float:
        """Seconds until there is something to send."""
        until_next = min(pace.next_ms for pace in self._paces) / 1000 - time.time()
        return max(until_next, LINE_FLUSH_SECONDS) if len(self._paces) > 1 else until_next

    async def _deliver(self, messages: Sequence[Message], stopping: asyncio.Event) -> None:
        readings = sum(len(message.values) for message in messages)
        self._tally.sent += readings
        backoff = Backoff(LONGEST_PAUSE_SECONDS)
        began = time.monotonic()
        while True:
            tried = time.monotonic()
            try:
                await self._link.send(messages)
            except Rejected as error:
                self._tally.fail(str(error))
                return
            except Away as error:
                pause = max(backoff.seconds(), error.seconds)
                self._tally.fail(str(error))
                if time.monotonic() - began > GIVE_UP_SECONDS:
                    raise GaveUp(str(error)) from None
            else:
                self._tally.acknowledge(readings, time.monotonic() - tried)
                return
            if await wait_for_stop(stopping, pause):
                return


async def run_fleet(
    senders: Sequence[Sender],
    seconds: float | None,
    stopping: asyncio.Event,
    tell: Callable[[], None],
    tell_seconds: float,
) -> None:
    """Runs all senders for so long, or until the stop; calls `tell` now and then.

    Raises:
        GaveUp, NotWelcome: of the first sender that ended so.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            for sender in senders:
                tasks.create_task(sender.run(stopping), name="sender")
            tasks.create_task(_tell(tell, tell_seconds, stopping), name="progress")
            await wait_for_stop(stopping, seconds)
            stopping.set()
    except* (GaveUp, NotWelcome) as errors:
        raise errors.exceptions[0] from None


async def _tell(tell: Callable[[], None], seconds: float, stopping: asyncio.Event) -> None:
    while not await wait_for_stop(stopping, seconds):
        tell()
