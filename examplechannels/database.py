"""Who has a connection to the database: requests take one from the pool, threads that stay have their own.

A request that has used its connection keeps it until it is answered, also while it waits for one of those threads. If
these waited for the pool too, a rush of requests would hold the whole pool and wait for threads that wait for it.
"""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

SMALL_ANSWER_BYTES = 64 * 1024  # what a server takes at once, however slowly its client reads
Answer = HttpResponseBase | Awaitable[HttpResponseBase]


def keep_own_connection() -> None:
    """For a thread that stays: its connection is outside the pool, and it keeps it. Called in that thread."""
    known = connection.settings_dict
    options = {name: value for name, value in known["OPTIONS"].items() if name != "pool"}
    connection.settings_dict = {**known, "OPTIONS": options}


class DatabaseMiddleware:
    """Gives a connection back before a long answer is read."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        answer = self._get_response(request)
        return self._let_go(answer) if isinstance(answer, Awaitable) else answer

    async def _let_go(self, coming: Awaitable[HttpResponseBase]) -> HttpResponseBase:
        answer = await coming
        if not isinstance(answer, HttpResponse) or len(answer.content) > SMALL_ANSWER_BYTES:
            await sync_to_async(close_old_connections)()  # in the request's thread, before a slow reader reads
        return answer
