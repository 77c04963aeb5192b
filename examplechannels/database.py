"""Who has a connection to the database: requests take one from the pool, threads that stay have their own.

A request that has used its connection keeps it until it is answered, also while it waits for one of those threads. If
these waited for the pool too, a rush of requests would hold the whole pool and wait for threads that wait for it.
"""

from collections.abc import Callable

from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_only_middleware

SMALL_ANSWER_BYTES = 64 * 1024  # what a server takes at once, however slowly its client reads


def keep_own_connection() -> None:
    """For a thread that stays: its connection is outside the pool, and it keeps it. Called in that thread."""
    known = connection.settings_dict
    options = {name: value for name, value in known["OPTIONS"].items() if name != "pool"}
    connection.settings_dict = {**known, "OPTIONS": options}


@sync_only_middleware
def let_go_early(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Gives a connection back before a long answer is read."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        answer = get_response(request)
        if not isinstance(answer, HttpResponse) or len(answer.content) > SMALL_ANSWER_BYTES:
            close_old_connections()
        return answer

    return middleware
