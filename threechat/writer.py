"""Writes what belongs to the chat, one transaction after the other, in a thread of its own."""

import asyncio
import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, connection

from examplechannels.complaints import Complaints
from examplechannels.database import keep_own_connection
from examplechannels.logs import first_line
from examplechannels.metrics import chat_commit_seconds
from examplechannels.outages import is_full

complaints = Complaints(logging.getLogger(__name__))

MAX_WAITING = 1000
WRITE_SECONDS = 8.0  # then who waits is told that it is not acknowledged
Answer = TypeVar("Answer")


class NotStored(Exception):
    """The database did not say that it took it, or too much is waiting: try again."""


class NoSpace(NotStored):
    """The disk is full; for certain it is not stored."""


class Writer:
    """One thread and connection. Its methods belong to the event loop."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chat-writer", initializer=keep_own_connection)
        self._waiting = 0

    async def write(self, act: Callable[[], Answer]) -> Answer:
        """What `act` returns once its transaction is committed.

        Raises:
            NotStored: see there, or it took longer than `WRITE_SECONDS`; then it is stored if it was begun.
            Whatever else `act` raises is raised here too.
        """
        if self._waiting >= MAX_WAITING:
            raise NotStored("too much is waiting")
        self._waiting += 1
        too_late: list[bool] = []
        future = asyncio.get_running_loop().run_in_executor(self._thread, _act, act, too_late)
        future.add_done_callback(self._acted)
        await asyncio.wait([future], timeout=WRITE_SECONDS)  # who asks may go away; the thread goes on
        if not future.done():
            too_late.append(True)
            complaints.say("A message was not acknowledged: the database has not answered for so long")
            raise NotStored("the database does not answer")
        return future.result()

    @property
    def is_busy(self) -> bool:
        """Whether what is not urgent should be left alone."""
        return self._waiting > MAX_WAITING // 10

    def _acted(self, future: "asyncio.Future[Answer]") -> None:
        self._waiting -= 1
        future.exception()  # heard, though nobody may be waiting

    def close_connection(self) -> None:
        """For tests."""
        self._thread.submit(lambda: connection.close()).result()


def _act(act: Callable[[], Answer], too_late: Collection[bool]) -> Answer:
    if too_late:
        raise NotStored("nobody waits for it any more")
    try:
        with chat_commit_seconds.time():
            return act()
    except (DatabaseError, InterfaceError) as error:
        connection.close()
        complaints.say("A message was not stored: %s", first_line(error))
        raise (NoSpace if is_full(error) else NotStored) from error


writer = Writer()
