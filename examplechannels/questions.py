"""Asks the database off the event loop, in threads of their own.

Otherwise a question about the past would keep busy the one thread that all sync code and every async consumer's
database clean-up share.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from threading import Barrier
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError, connection

from examplechannels.database import keep_own_connection

THREADS = 3  # a connection each, as the other two
Answer = TypeVar("Answer")

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="question", initializer=keep_own_connection)
_urgent = ThreadPoolExecutor(1, thread_name_prefix="urgent-question", initializer=keep_own_connection)
_alarms = ThreadPoolExecutor(1, thread_name_prefix="alarm-question", initializer=keep_own_connection)


async def ask(question: Callable[[], Answer], urgent: bool = False) -> Answer:
    """The answer of a function that reads from the database. `urgent` ones, all short, do not wait for the others."""
    return await _ask(question, _urgent if urgent else _threads)


async def ask_for_alarms(question: Callable[[], Answer]) -> Answer:
    """The same for the clock and the webhooks: they do not wait for visitors, nor what is urgent for their writes."""
    return await _ask(question, _alarms)


async def _ask(question: Callable[[], Answer], threads: ThreadPoolExecutor) -> Answer:
    return await asyncio.get_running_loop().run_in_executor(threads, _with_connection, question)


def _with_connection(question: Callable[[], Answer]) -> Answer:
    was_open = connection.connection is not None
    try:
        return question()
    except (InterfaceError, OperationalError):
        unusable = was_open and not connection.is_usable()
        connection.close()
        if not unusable:
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
    for single in (_urgent, _alarms):
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
