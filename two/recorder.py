"""Every way in ends here: what comes in together is committed together, and answered after the commit.

One thread of its own runs the transactions, and judges in them what was stored by the rules of alarms. What a
group changed is published once, after it.
"""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import NamedTuple

from django.db import connection, transaction

from examplechannels.complaints import Complaints
from examplechannels.database import keep_own_connection
from examplechannels.metrics import readings_recorded, readings_waiting, telemetry_commit_seconds
from examplechannels.outages import AWAY
from two.alarms.evaluation import evaluate
from two.alarms.wire import tell
from two.catalogue import Catalogue, KnownMetric
from two.live import Recorded, live
from two.models import Alarm
from two.samples import BadReading, Sample
from two.storage import Key, check_keys_at_once, store

logger = logging.getLogger(__name__)
complaints = Complaints(logger)

MAX_GROUP_READINGS = 20_000
MAX_WAITING_READINGS = 200_000
PAUSE_SECONDS = 0.005  # between commits: other processes want to write to the same SQLite file
MAX_AHEAD_NS = 10**9  # a clock that was set back by more is believed
IDLE_SECONDS = 10.0  # then the thread and its connection are given back
COMMIT_SECONDS = 8.0  # then who waits is told that nothing is acknowledged, whatever becomes of the commit
CLOSE_SECONDS = 4.0  # for what waits when the server ends
HANGS = "the database has not answered for so long"
TRY_AGAIN = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock


class NotStored(Exception):
    """The database did not say that it took it, or too much is waiting: try again."""


class _Request(NamedTuple):
    samples: Sequence[Sample]
    received_ns: int
    may_create_devices: bool
    done: asyncio.Future[None]


class _Committed(NamedTuple):
    outcomes: list[Exception | None]  # of each request
    new: list[Recorded]
    alarms: list[Alarm]  # that were raised or cleared


class Recorder:
    """The writer of one process; all methods belong to its event loop."""

    def __init__(self, publish: Callable[[Sequence[Recorded]], None], tell: Callable[[Sequence[Alarm]], None]) -> None:
        self._publish = publish
        self._tell = tell
        self._catalogue = Catalogue()
        self._waiting: deque[_Request] = deque()
        self._waiting_readings = 0
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._last_stamp_ns = 0
        self._closing = self._hangs = False

    async def record(self, samples: Sequence[Sample], may_create_devices: bool = True) -> None:
        """Returns once the samples are committed. Creates metrics, and devices where it may, that are new.

        Raises:
            BadReading: a device is not there, or there would be too many devices or metrics; nothing was stored.
            NotStored: the commit failed or takes too long, or too much is waiting.
        """
        await self.submit(samples, may_create_devices)

    def submit(self, samples: Sequence[Sample], may_create_devices: bool = True) -> asyncio.Future[None]:
        """`record` for who sends on before it is committed: the future of that."""
        done = asyncio.get_running_loop().create_future()
        if self._waiting_readings + len(samples) > MAX_WAITING_READINGS:
            done.set_exception(NotStored("too much is waiting"))
            return done
        if self._hangs:
            done.set_exception(NotStored(HANGS))
            return done
        received_ns = time.time_ns()
        if received_ns < self._last_stamp_ns < received_ns + MAX_AHEAD_NS:
            received_ns = self._last_stamp_ns
        self._last_stamp_ns = received_ns + len(samples)  # a nanosecond for each that has no time of its own
        self._waiting.append(_Request(samples, received_ns, may_create_devices, done))
        self._waiting_readings += len(samples)
        readings_waiting.set(self._waiting_readings)
        self._wake.set()
        if self._task is None:
            # A context of its own: inside a request it would inherit the thread of that request.
            self._task = asyncio.create_task(self._run(), name="recorder", context=Context())
        return done

    async def close(self) -> None:
        """Commits what waits, and gives thread and connection back. The next `record` starts anew."""
        if self._task is not None:
            self._closing = True
            self._wake.set()
            await asyncio.wait([self._task], timeout=CLOSE_SECONDS)

    async def _run(self) -> None:
        thread = ThreadPoolExecutor(1, thread_name_prefix="recorder", initializer=keep_own_connection)
        loop = asyncio.get_running_loop()
        try:
            while await self._something_waits():
                group = self._next_group()
                committed = await self._patiently(loop.run_in_executor(thread, self._commit, group), group)
                for request, error in zip(group, committed.outcomes, strict=True):
                    if request.done.done():
                        continue  # its client hung up
                    if error is None:
                        request.done.set_result(None)
                    else:
                        request.done.set_exception(error)
                if committed.new:
                    readings_recorded.inc(len(committed.new))
                    self._publish(committed.new)
                if committed.alarms:
                    self._tell(committed.alarms)
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._task, self._closing, self._hangs = None, False, False
            self._catalogue.forget()
            thread.submit(lambda: connection.close())  # the thread's own
            thread.shutdown(wait=False)

    async def _patiently(self, commit: asyncio.Future[_Committed], group: list[_Request]) -> _Committed:
        """What became of the group. A commit that hangs may store it after all; who waits is not kept until then."""
        await asyncio.wait([commit], timeout=COMMIT_SECONDS)
        if not commit.done():
            self._hangs = True
            complaints.say("%d requests were not acknowledged: %s", len(group) + len(self._waiting), HANGS)
            for request in (*group, *self._waiting):
                if not request.done.done():
                    request.done.set_exception(NotStored(HANGS))
            self._waiting.clear()
            self._waiting_readings = 0
            readings_waiting.set(0)
        committed = await commit
        self._hangs = False
        return committed

    async def _something_waits(self) -> bool:
        """False when nothing came for `IDLE_SECONDS`, or `close` was called and all is committed."""
        self._wake.clear()
        if self._waiting or self._closing:
            return bool(self._waiting)
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            pass
        return bool(self._waiting)

    def _next_group(self) -> list[_Request]:
        group: list[_Request] = []
        readings = 0
        while self._waiting and (not group or readings + len(self._waiting[0].samples) <= MAX_GROUP_READINGS):
            request = self._waiting.popleft()
            group.append(request)
            readings += len(request.samples)
        self._waiting_readings -= readings
        readings_waiting.set(self._waiting_readings)
        return group

    def _commit(self, group: list[_Request]) -> _Committed:
        """Commits the group, else each request alone. In the thread."""
        before = connection.connection
        try:
            return self._transact(group)
        except AWAY as error:
            was_lost = before is not None and connection.connection is not before
            if not was_lost and getattr(error.__cause__, "sqlstate", "") not in TRY_AGAIN:
                return _Committed(_all_failed(group, error), [], [])
        except Exception as error:  # such as a device that was deleted meanwhile
            logger.warning("A commit of %d requests failed, each is tried alone: %s", len(group), error)
        connection.close()
        committed = _Committed([], [], [])
        for number, request in enumerate(group):
            try:
                alone = self._transact([request])
            except AWAY as error:
                committed.outcomes.extend(_all_failed(group[number:], error))
                break
            except Exception as error:
                committed.outcomes.extend(_all_failed([request], error))
                continue
            committed.outcomes.extend(alone.outcomes)
            committed.new.extend(alone.new)
            committed.alarms.extend(alone.alarms)
        return committed

    def _transact(self, group: list[_Request]) -> _Committed:
        outcomes: list[Exception | None] = []
        values: dict[Key, float] = {}
        stamped: set[Key] = set()
        metrics: dict[int, KnownMetric] = {}
        self._catalogue.refresh()
        try:
            with telemetry_commit_seconds.time(), transaction.atomic(durable=True):
                check_keys_at_once()
                for request in group:
                    try:
                        found = self._catalogue.find(request.samples, request.may_create_devices)
                    except BadReading as error:
                        outcomes.append(error)
                        continue
                    outcomes.append(None)
                    _collect(request, found, values, stamped)
                    metrics.update((metric.id, metric) for metric in found)
                new = store(values, stamped)
                alarms = evaluate(new)
        except BaseException:
            self._catalogue.forget()  # it may know what was rolled back
            raise
        recorded = [Recorded(metrics[metric], at_ns, value) for (metric, at_ns), value in new.items()]
        return _Committed(outcomes, recorded, alarms)


def _collect(request: _Request, found: list[KnownMetric], values: dict[Key, float], stamped: set[Key]) -> None:
    """Adds a request's samples to `values`; those without a time share one, or follow by a nanosecond each."""
    times: Counter[int] = Counter()
    for sample, metric in zip(request.samples, found, strict=True):
        if sample.at_ns is not None:
            values.setdefault((metric.id, sample.at_ns), sample.value)
            continue
        key = metric.id, request.received_ns + times[metric.id]
        while key in values:
            key = key[0], key[1] + 1
        times[metric.id] = key[1] + 1 - request.received_ns
        values[key] = sample.value
        stamped.add(key)


def _all_failed(group: list[_Request], error: Exception) -> list[Exception | None]:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    complaints.say("%d requests were not stored: %s", len(group), reason)
    connection.close()
    return [NotStored(reason) for _ in group]


recorder = Recorder(live.publish, tell)
