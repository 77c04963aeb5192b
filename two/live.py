"""Tells the viewers in every process what was just recorded, at most once per 25 ms."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from django.dispatch import Signal

from examplechannels.broadcast import broadcast
from two.catalogue import KnownMetric
from two.nanoseconds import NS_PER_MS

TELEMETRY = "two"  # the group
EVENTS = "two.events"  # who asked for `?events=all`: alarms
PINS = "two.pins"  # of those, who may read what people say; what is said among members is for its readers alone
LOOK_AGAIN = {"type": "catch_up"}  # for pages: what they fetched may be another by now
PUBLISH_SECONDS = 0.025
COMMIT_SECONDS = 0.1  # longer than that a frame does not wait for what is being committed
MAX_FRAME_READINGS = 1_000
MAX_SENT_BYTES = 60 * 1024  # of a frame
# Beyond it viewers fetch their window instead.
MAX_WAITING_OF_DEVICE = 2_000
MAX_WAITING = 20_000


# A telemetry `socket` of an account comes or goes; whoever guards sessions may `expel` it meanwhile.
account_came = Signal()
account_left = Signal()


class Recorded(NamedTuple):
    """One reading that is new in the database."""

    metric: KnownMetric
    at_ns: int
    value: float


def encoded(metric: KnownMetric, at_ns: int, value: float) -> str:
    """The JSON object of one reading (docs/protocol.md, Readings)."""
    return f'{{"data":{value!r}{metric.wire_end}{at_ns // NS_PER_MS}}}'


def frame_slices(texts: Sequence[str]) -> Iterator[slice]:
    """Cuts JSON objects into what one frame holds: at most 1,000 readings and 60 KiB."""
    first = size = 0
    for index, text in enumerate(texts):
        length = 1 + (len(text) if text.isascii() else len(text.encode()))
        if index - first == MAX_FRAME_READINGS or size + length > MAX_SENT_BYTES:
            yield slice(first, index)
            first, size = index, 0
        size += length
    if texts:
        yield slice(first, len(texts))


def events_of(readings: Sequence[Recorded]) -> Iterator[dict[str, str]]:
    """The parts of each event: by device, the objects of its readings."""
    texts = [encoded(*reading) for reading in readings]
    for cut in frame_slices(texts):
        parts: dict[str, list[str]] = {}
        for reading, text in zip(readings[cut], texts[cut], strict=True):
            parts.setdefault(reading.metric.device, []).append(text)
        yield {device: ",".join(objects) for device, objects in parts.items()}


class Live:
    """What is on its way to the viewers; all methods belong to the event loop."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Recorded]] = {}  # by device
        self._count = 0
        self._lost: set[str] = set()  # devices of which too much was waiting
        self._timer: asyncio.TimerHandle | None = None
        self._more_comes = self._is_late = False
        self.newest_ns: dict[int, int] = {}  # the latest time that viewers were shown, had there been any, by metric

    def publish(self, readings: Sequence[Recorded], more_comes: bool = False) -> None:
        """Sends 25 ms after the first that waits: what all devices tell at the same moment is one frame.

        Where more is being committed then, with that, unless it takes long.
        """
        for reading in readings:
            if reading.at_ns > self.newest_ns.get(reading.metric.id, 0):
                self.newest_ns[reading.metric.id] = reading.at_ns
        if not broadcast.may_be_watched(TELEMETRY):
            return
        for reading in readings:
            self._add(reading)
        self._more_comes = more_comes
        if self._is_late:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PUBLISH_SECONDS, self._flush_unless_more_comes)

    def _flush_unless_more_comes(self) -> None:
        if self._more_comes:
            self._is_late = True
            self._timer = asyncio.get_running_loop().call_later(COMMIT_SECONDS, self._flush)
        else:
            self._flush()

    def _add(self, reading: Recorded) -> None:
        device = reading.metric.device
        waiting = self._waiting.setdefault(device, [])
        if device in self._lost:
            return
        if len(waiting) == MAX_WAITING_OF_DEVICE or self._count == MAX_WAITING:
            self._lost.add(device)
            self._count -= len(waiting)
            waiting.clear()
            return
        waiting.append(reading)
        self._count += 1

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._is_late = None, False
        waiting, self._waiting, self._count = self._waiting, {}, 0
        lost, self._lost = self._lost, set()
        if lost:
            broadcast.publish_loss(TELEMETRY, lost)
        for parts in events_of([reading for readings in waiting.values() for reading in readings]):
            broadcast.publish_parts(TELEMETRY, parts)


def look_again(devices: Collection[str]) -> None:
    """Pages fetch what is stored of these devices, and alarms: they may have been shown less."""
    broadcast.publish_loss(TELEMETRY, devices)
    broadcast.publish(EVENTS, LOOK_AGAIN)


live = Live()
