"""Threads in which Django runs what is not async of a request. They stay, for one request after the other.

Left alone, Django starts two threads for each request, one of them to end the other, and everybody's event loop waits
while they start.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_only_middleware

from examplechannels.doors import Application

MAX_IDLE = 4  # enough for a rush too: while requests wait, none is idle


class RequestThread(ThreadPoolExecutor):
    """One thread that knows whether it is at work: a task is done once cancelled, while one before it still runs."""

    def __init__(self) -> None:
        super().__init__(max_workers=1, thread_name_prefix="request")
        self._tasks: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._tasks = [*filter(_is_under_way, self._tasks), future := super().submit(fn, *args, **kwargs)]
        return future

    @property
    def is_idle(self) -> bool:
        return not any(map(_is_under_way, self._tasks))


def _is_under_way(future: Future[Any]) -> bool:
    return not future.done()


class OneOf(Executor):
    """Runs in the thread of `idle` that was free last, or a new one, from the first task until `release`."""

    def __init__(self, idle: list[RequestThread]) -> None:
        self._idle = idle
        self._thread: RequestThread | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._thread is None:
            self._thread = self._idle.pop() if self._idle else RequestThread()
        return self._thread.submit(fn, *args, **kwargs)

    def release(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        # A request that was given up may have left its thread at work, for as long as the database hangs.
        if thread.is_idle and len(self._idle) < MAX_IDLE:
            self._idle.append(thread)
        else:
            thread.submit(close_old_connections)
            thread.shutdown(wait=False)


def with_lasting_threads(inner: Application) -> Application:
    """For HTTP: each request has a thread to itself. At most `MAX_IDLE` are kept for later requests."""
    idle: list[RequestThread] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        thread = OneOf(idle)
        try:
            async with ThreadSensitiveContext(executor=thread):
                await inner(scope, receive, send)
        finally:
            thread.release()

    return application


@sync_only_middleware
def in_one_piece(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Last in MIDDLEWARE, does nothing: all before it then run in the request's thread as one call.

    In front of an async view Django would run each of their hooks in that thread alone, there and back a dozen times.
    Only what they do just before the view (`process_view`) still goes there one by one. A middleware that is async
    alone cuts the call in two, and so stands far ahead.
    """
    return get_response
