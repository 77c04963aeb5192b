"""Asks the database off the event loop, in threads of their own.

Otherwise a question about the past would keep busy the one thread that sync code outside of requests shares.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from itertools import islice
from threading import Barrier
from typing import Generic, TypeVar

from django.db import OperationalError, connection
from django.utils.translation import get_language, override

from examplechannels.database import keep_own_connection
from examplechannels.outages import AWAY

THREADS = 3  # a connection each
ANSWER_SECONDS = 12.0  # pages give up after 15
URGENT_SECONDS = 3.0
MAX_WAITING = 2_000  # questions, for the same threads
NO_ANSWER = "the database gave no answer in time"
MOST_TOGETHER = 200  # keys in a question
MAX_WAITING_KEYS = 20_000
Answer = TypeVar("Answer")
Key = TypeVar("Key")

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="question", initializer=keep_own_connection)
_urgent = ThreadPoolExecutor(1, thread_name_prefix="urgent-question", initializer=keep_own_connection)
_alarms = ThreadPoolExecutor(1, thread_name_prefix="alarm-question", initializer=keep_own_connection)
_handshakes = ThreadPoolExecutor(1, thread_name_prefix="handshake-question", initializer=keep_own_connection)
_waiting: Counter[ThreadPoolExecutor] = Counter()  # for which; what nobody waits for any more is among it


async def ask(question: Callable[[], Answer], urgent: bool = False) -> Answer:
    """The answer of a function that reads from the database. `urgent` ones, all short, do not wait for the others.

    Raises:
        OperationalError: too many wait, or no answer came within `ANSWER_SECONDS` (urgent: `URGENT_SECONDS`).
    """
    return await (_ask(question, _urgent, URGENT_SECONDS) if urgent else _ask(question, _threads, ANSWER_SECONDS))


async def ask_in_peace(question: Callable[[], Answer]) -> Answer:
    """The same for work that nobody waits for: without a limit of time, and not tried again (see `each_day`)."""
    return await _ask(question, _threads, tries=1)


async def ask_for_alarms(question: Callable[[], Answer]) -> Answer:
    """The same for the clock and the webhooks, without a limit of time.

    They do not wait for visitors, nor does what is urgent wait for their writes.
    """
    return await _ask(question, _alarms)


async def ask_who_comes(question: Callable[[], Answer]) -> Answer:
    """The same for the sessions of WebSockets: a crowd that comes back waits for no page, nor what is urgent for it."""
    return await _ask(question, _handshakes, ANSWER_SECONDS)


async def _ask(
    question: Callable[[], Answer], threads: ThreadPoolExecutor, seconds: float | None = None, tries: int = 2
) -> Answer:
    if _waiting[threads] >= MAX_WAITING:
        raise OperationalError("too many questions wait for the database")
    _waiting[threads] += 1
    given_up: list[bool] = []
    language = get_language()

    def unless_given_up() -> Answer:
        if given_up:
            raise OperationalError(NO_ANSWER)
        with override(language):  # its thread knows nothing of who asks
            return _with_connection(question, tries)

    def answered(answer: asyncio.Future[Answer]) -> None:
        _waiting[threads] -= 1
        answer.exception()  # heard, though nobody may be waiting

    answer = asyncio.get_running_loop().run_in_executor(threads, unless_given_up)
    answer.add_done_callback(answered)
    try:
        await asyncio.wait([answer], timeout=seconds)
        if not answer.done():
            raise OperationalError(NO_ANSWER)
        return answer.result()
    finally:
        given_up.append(True)


def _with_connection(question: Callable[[], Answer], tries: int) -> Answer:
    was_open = connection.connection is not None
    try:
        return question()
    except AWAY:
        unusable = was_open and not connection.is_usable()
        connection.close()
        if tries == 1 or not unusable:
            raise
        return question()  # the database had restarted meanwhile


def close_connections() -> None:
    """For tests: gives the threads' connections back."""
    together = Barrier(THREADS)

    def close() -> None:
        together.wait()  # so that each thread gets one of these
        connection.close()

    for closed in [_threads.submit(close) for _ in range(THREADS)]:
        closed.result()
    for single in (_urgent, _alarms, _handshakes):
        single.submit(lambda: connection.close()).result()


class SharedQuestion(Generic[Answer]):
    """A question that many ask at once is put to the database once.

    The answer to `ask` is never older than the call: who comes while the question is under way gets the next one.
    """

    def __init__(self, question: Callable[[], Answer]) -> None:
        self._question = question
        self._next: asyncio.Task[Answer] | None = None
        self._running: asyncio.Task[Answer] | None = None

    async def ask(self) -> Answer:
        if self._next is None:
            self._next = asyncio.create_task(self._ask_after(self._running), name="question", context=Context())
        return await asyncio.shield(self._next)

    async def _ask_after(self, running: asyncio.Task[Answer] | None) -> Answer:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        try:
            return await ask(self._question)
        finally:
            if self._running is asyncio.current_task():
                self._running = None


class AskedTogether(Generic[Key, Answer]):
    """A question about keys: those that wait while the last one is under way are put to the database as one.

    `question` gets keys and answers those that it knows; `ask` is one of the functions above.
    """

    def __init__(
        self,
        question: Callable[[Collection[Key]], Mapping[Key, Answer]],
        ask: Callable[[Callable[[], Mapping[Key, Answer]]], Awaitable[Mapping[Key, Answer]]],
    ) -> None:
        self._question = question
        self._ask = ask
        self._waiting: dict[Key, asyncio.Future[Answer | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def ask(self, key: Key) -> Answer | None:
        """Never older than the call; None for a key that is not known.

        Raises:
            OperationalError: too many wait, or see `ask`.
        """
        answer = self._waiting.get(key)
        if answer is None:
            if len(self._waiting) >= MAX_WAITING_KEYS:
                raise OperationalError("too many questions wait for the database")
            answer = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._task is None:
                self._task = asyncio.create_task(self._run(), name="asked together", context=Context())
        return await asyncio.shield(answer)

    async def _run(self) -> None:
        try:
            while self._waiting:
                keys = list(islice(self._waiting, MOST_TOGETHER))
                await self._answer({key: self._waiting.pop(key) for key in keys})
        finally:
            self._task = None

    async def _answer(self, waiting: dict[Key, "asyncio.Future[Answer | None]"]) -> None:
        try:
            found = await self._ask(lambda: self._question(waiting.keys()))
        except Exception as error:  # it is for whoever waits
            for answer in waiting.values():
                answer.set_exception(error)
                answer.exception()  # heard, though nobody may be waiting any more
        else:
            for key, answer in waiting.items():
                answer.set_result(found.get(key))
