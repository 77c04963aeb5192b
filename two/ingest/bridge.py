"""Records what a broker hands over, and acknowledges it after the commit.

Nothing of QoS 1 is lost while the bridge or the database is away: its session at the broker is persistent, and the
broker keeps what was not acknowledged. What arrives twice is stored once where it carries its own time.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import NamedTuple

import aiomqtt

from examplechannels.backoff import Backoff
from examplechannels.complaints import Complaints
from two.ingest.broker import Broker
from two.ingest.mqtt import FILTERS, samples_of
from two.ingest.session import Session
from two.recorder import NotStored, recorder
from two.samples import BadReading, Sample
from two.stamps import Stamps

logger = logging.getLogger(__name__)

# A batch with so much is committed; its last message may bring up to 10,000 readings more.
ENOUGH_READINGS = 1_000
ENOUGH_MESSAGES = 1_000  # some hold no reading
LONGEST_PAUSE_SECONDS = 8.0  # what is back is to be used within ten
HUNG_UP = 128  # what paho-mqtt calls an unspecified error
STEADY_SECONDS = 10.0  # a connection that lived so long is worth another try at once
FINISH_SECONDS = 5.0  # for what is being committed when the bridge is told to stop


class Parsed(NamedTuple):
    """A message and the samples in it."""

    message: aiomqtt.Message
    samples: Sequence[Sample]


class Bridge:
    """One broker's messages into the recorder, for ever."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._complaints = Complaints(logger)
        self._stamps = Stamps()
        self._reported = ""  # why there is no connection

    async def run(self) -> None:
        """Connects again and again until it is cancelled; then what is being committed is finished first."""
        backoff = Backoff(LONGEST_PAUSE_SECONDS)
        while True:
            began = time.monotonic()
            try:
                await self._connected()
            except (aiomqtt.MqttError, OSError, ValueError) as error:
                self._report(_why(error))
            if time.monotonic() - began > STEADY_SECONDS:
                backoff.reset()
            await asyncio.sleep(backoff.seconds())

    async def _connected(self) -> None:
        """One connection, to its end."""
        async with Session(self._broker) as session:
            for topic in await session.subscribe_all(FILTERS):
                logger.error("%s refuses the subscription to %s", self._broker, topic)
            self._reported = ""
            logger.info("connected to %s as %s: %s", self._broker, session.identifier, ", ".join(FILTERS))
            while True:
                batch = await self._next_batch(session)
                await _finish(asyncio.create_task(self._store(session, batch), name="mqtt batch"))

    async def _next_batch(self, session: Session) -> list[Parsed]:
        """What has arrived; waits for the first message."""
        batch: list[Parsed] = []
        readings = 0
        while not batch or (len(session.messages) and readings < ENOUGH_READINGS and len(batch) < ENOUGH_MESSAGES):
            message = await session.next_message()
            samples = self._samples(message)
            batch.append(Parsed(message, samples))
            readings += len(samples)
        if session.dropped:
            self._complaints.say("%d messages of QoS 0 were dropped: they came too fast", session.dropped)
            session.dropped = 0
        return batch

    def _samples(self, message: aiomqtt.Message) -> list[Sample]:
        topic = message.topic.value
        # Stamped here and not at the commit, so that a second try at it stores nothing twice.
        received_ns = self._stamps.take()
        try:
            return samples_of(topic, bytes(message.payload), received_ns, message.retain)
        except BadReading as error:
            self._complaints.say("%.200r: %s", topic, error.detail)
            return []

    async def _store(self, session: Session, batch: list[Parsed]) -> None:
        """Records a batch, however long the database is away, and acknowledges it in the order of arrival."""
        try:
            await self._record([sample for _message, samples in batch for sample in samples])
        except BadReading:  # one message's mistake must not cost the others
            await asyncio.gather(*(self._record_alone(parsed) for parsed in batch))
        for message, _samples in batch:
            session.acknowledge(message)

    async def _record_alone(self, parsed: Parsed) -> None:
        try:
            await self._record(parsed.samples)
        except BadReading as error:
            self._complaints.say("%.200r: %s", parsed.message.topic.value, error.detail)

    async def _record(self, samples: Sequence[Sample]) -> None:
        backoff = Backoff(LONGEST_PAUSE_SECONDS)
        while samples:
            try:
                await recorder.record(samples)
                return
            except NotStored as error:
                self._complaints.say("not stored, will be tried again: %s", error)
                await asyncio.sleep(backoff.seconds())

    def _report(self, reason: str) -> None:
        """Says once why there is no connection."""
        if reason != self._reported:
            logger.warning("no connection to %s: %s; it is tried again and again", self._broker, reason)
            self._reported = reason


def _why(error: Exception) -> str:
    reason = error.__cause__ or error
    if isinstance(reason, aiomqtt.MqttCodeError) and getattr(reason.rc, "value", reason.rc) == HUNG_UP:
        return "the broker hung up (if it does again and again: does a second bridge of this site run?)"
    return str(reason) or type(reason).__name__


async def _finish(task: asyncio.Task[None]) -> None:
    """Awaits the task; when cancelled, gives it some seconds first."""
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=FINISH_SECONDS)
        task.cancel()
        raise
