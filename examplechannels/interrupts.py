"""Ctrl-C and SIGTERM for commands that run until they are told to stop."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import CommandError


def run_to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run` for commands: a second Ctrl-C is no traceback, and the loop is one that aiomqtt works with.

    Raises:
        CommandError: it was cancelled.
    """
    try:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:  # on Windows not the default
            runner.run(work)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise CommandError("Stopped at once.") from None


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that the first SIGINT or SIGTERM sets; the second cancels the task that entered here."""
    stopping = asyncio.Event()
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    numbers: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)

    def stop() -> None:
        if stopping.is_set() and task is not None:
            task.cancel()
        stopping.set()

    try:
        for number in numbers:
            loop.add_signal_handler(number, stop)
    except NotImplementedError:  # Windows: asyncio's own handler cancels the task at the first Ctrl-C
        numbers = ()
    try:
        yield stopping
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def wait_for_stop(stopping: asyncio.Event, seconds: float | None) -> bool:
    """Sleeps, but not beyond the stop; None: until then. Returns whether it has come."""
    try:
        async with asyncio.timeout(seconds):
            return await stopping.wait()
    except TimeoutError:
        return stopping.is_set()
