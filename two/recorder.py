"""Every way in ends here: what comes in together is committed together, and answered after the commit.

One thread of its own runs the transactions (commits.py). What a group changed is published once, after it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from typing import NamedTuple

from django.db import connection

from examplechannels.complaints import Complaints
from examplechannels.database import keep_own_connection
from examplechannels.logs import first_line
from examplechannels.metrics import readings_recorded, readings_waiting
from two.alarms.wire import tell
from two.commits import Commits, Committed, Request
from two.live import Recorded, live, look_again
from two.models import Alarm
from two.samples import BadReading, Sample
from two.stamps import Stamps

logger = logging.getLogger(__name__)
complaints = Complaints(logger)

MAX_GROUP_READINGS = 20_000
MAX_WAITING_READINGS = 200_000
PAUSE_SECONDS = 0.005  # between commits: other processes want to write to the same SQLite file
IDLE_SECONDS = 10.0  # then the thread and its connection are given back
COMMIT_SECONDS = 8.0  # then who waits is told that nothing is acknowledged, whatever becomes of the commit
CLOSE_SECONDS = 4.0  # for what waits when the server ends
HANGS = "the database has not answered for so long"
ENDED = "the recorder was ended"


class NotStored(Exception):
    """The database did not say that it took it, or too much is waiting: try again."""


class _Waiting(NamedTuple):
    request: Request
    done: asyncio.Future[None]


class Recorder:
    """The writer of one process; all methods belong to its event loop."""

    def __init__(
        self,
        publish: Callable[[Sequence[Recorded], bool], None],
        tell: Callable[[Sequence[Alarm]], None],
        look_again: Callable[[Collection[str]], None],
    ) -> None:
        self._publish = publish  # what is new, and whether more comes at once
        self._tell = tell
        self._look_again = look_again  # at these devices
        self._commits = Commits()
        self._doubtful: set[str] = set()  # devices of which something may be stored that nobody was shown
        self._waiting: deque[_Waiting] = deque()
        self._waiting_readings = 0
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._stamps = Stamps()
        self._closing = self._hangs = False

    async def record(self, samples: Sequence[Sample], may_create_devices: bool = True) -> None:
        """Returns once the samples are committed. Creates metrics, and devices where it may, that are new.

        Raises:
            BadReading: a device is not there, or there would be too many devices or metrics; nothing was stored.
            NotStored: the commit failed or takes too long, or too much is waiting.
        """
        await self.submit(samples, may_create_devices)

    def submit(self, samples: Sequence[Sample], may_create_devices: bool = True) -> asyncio.Future[None]:
        """`record` for callers that send on before the commit: a future that ends as `record` does, with its errors."""
        done = asyncio.get_running_loop().create_future()
        if self._waiting_readings + len(samples) > MAX_WAITING_READINGS:
            done.set_exception(NotStored("too much is waiting"))
            return done
        if self._hangs:
            done.set_exception(NotStored(HANGS))
            return done
        received_ns = self._stamps.take(len(samples))  # a nanosecond for each that has no time of its own
        self._waiting.append(_Waiting(Request(samples, received_ns, may_create_devices), done))
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
        group: list[_Waiting] = []
        try:
            while await self._something_waits():
                group = self._next_group()
                committed = await self._commit(group, thread)
                _answer(group, committed.errors)
                self._show(committed)
                await asyncio.sleep(PAUSE_SECONDS)
        except Exception:
            logger.exception("The recorder failed; it begins anew with the next request")
        finally:
            self._refuse(group, ENDED)
            self._task, self._closing, self._hangs = None, False, False
            self._commits.forget()
            with suppress(RuntimeError):  # it failed to begin
                thread.submit(lambda: connection.close())  # the thread's own
            thread.shutdown(wait=False)

    async def _commit(self, group: list[_Waiting], thread: ThreadPoolExecutor) -> Committed:
        """What became of the group. A commit that hangs may store it after all; who waits is not kept until then."""
        requests = [waiting.request for waiting in group]
        commit = asyncio.get_running_loop().run_in_executor(thread, self._commits.commit, requests)
        await asyncio.wait([commit], timeout=COMMIT_SECONDS)
        if not commit.done():
            self._hangs = True
            self._refuse(group, HANGS)
        committed = await commit
        self._hangs = False
        return committed

    def _refuse(self, group: list[_Waiting], reason: str) -> None:
        """Whoever of the group, or behind it, has no answer yet."""
        unanswered = [waiting.done for waiting in (*group, *self._waiting) if not waiting.done.done()]
        self._waiting.clear()
        self._waiting_readings = 0
        readings_waiting.set(0)
        if unanswered:
            complaints.say("%d requests were not acknowledged: %s", len(unanswered), reason)
        for done in unanswered:
            done.set_exception(NotStored(reason))

    def _show(self, committed: Committed) -> None:
        """To the viewers. What may be stored as well they fetch once the database works again."""
        self._doubtful |= committed.doubtful
        try:
            if committed.new:
                readings_recorded.inc(len(committed.new))
                self._publish(committed.new, bool(self._waiting))
            if committed.alarms:
                self._tell(committed.alarms)
            if self._doubtful and not committed.doubtful and None in committed.errors:
                self._look_again(self._doubtful)
                self._doubtful = set()
        except Exception:
            logger.exception("Viewers were not shown what was recorded")

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

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        readings = 0
        while self._waiting and (not group or readings + len(self._waiting[0].request.samples) <= MAX_GROUP_READINGS):
            waiting = self._waiting.popleft()
            group.append(waiting)
            readings += len(waiting.request.samples)
        self._waiting_readings -= readings
        readings_waiting.set(self._waiting_readings)
        return group


def _answer(group: list[_Waiting], errors: Sequence[Exception | None]) -> None:
    failures = [error for error in errors if error is not None and not isinstance(error, BadReading)]
    if failures:
        complaints.say("%d requests were not stored: %s", len(failures), first_line(failures[-1]))
    for (_, done), error in zip(group, errors, strict=True):
        if done.done():
            continue  # its client hung up
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error if isinstance(error, BadReading) else NotStored(first_line(error)))


recorder = Recorder(live.publish, tell, look_again)
