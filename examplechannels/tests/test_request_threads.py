"""Threads of requests: kept for the next, never shared, never one that is still at work."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, sync_to_async
from channels.testing import HttpCommunicator
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.urls import path

from examplechannels import request_threads
from examplechannels import settings as product
from examplechannels.request_threads import with_lasting_threads


def application(work: Callable[[], Any]) -> Callable[[], Any]:
    """What a request answers whose sync code is `work`."""
    answers: asyncio.Queue[Any] = asyncio.Queue()

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await answers.put(await sync_to_async(work)())

    kept = with_lasting_threads(inner)

    async def request() -> Any:
        await kept({"type": "http"}, None, None)
        return await answers.get()

    return request


def request_threads_alive() -> set[int | None]:
    return {thread.ident for thread in threading.enumerate() if thread.name.startswith("request")}


async def test_requests_one_after_the_other_have_the_same_thread() -> None:
    request = application(threading.get_ident)
    assert len({await request() for _ in range(10)}) == 1


async def test_requests_at_a_time_have_a_thread_each(monkeypatch: Any) -> None:
    """And what is more than MAX_IDLE ends with its request."""
    monkeypatch.setattr(request_threads, "MAX_IDLE", 3)
    others = request_threads_alive()
    together = threading.Barrier(5, timeout=10)
    request = application(lambda: (together.wait(), threading.get_ident())[1])
    threads = await asyncio.gather(*(request() for _ in range(5)))
    assert len(set(threads)) == 5
    async with asyncio.timeout(10):
        while len(request_threads_alive() - others) > 3:
            await asyncio.sleep(0.01)


@pytest.mark.django_db(transaction=True)
async def test_a_thread_that_is_still_at_work_is_not_given_to_the_next() -> None:
    """And gives its connection back at its end."""
    begun, go_on = threading.Event(), threading.Event()
    idents: list[int] = []
    connections_used: list[Any] = []

    def work() -> None:
        idents.append(threading.get_ident())
        if len(idents) == 1:
            connections["default"].ensure_connection()
            connections_used.append(connections["default"])
            begun.set()
            assert go_on.wait(10)

    request = application(work)
    given_up = asyncio.create_task(request())
    try:
        assert await asyncio.to_thread(begun.wait, 10)
        given_up.cancel()
        await asyncio.wait([given_up])
        async with asyncio.timeout(5):
            await request()
    finally:
        go_on.set()
    assert idents[0] != idents[1]
    async with asyncio.timeout(10):
        while idents[0] in request_threads_alive():
            await asyncio.sleep(0.01)
    assert connections_used[0].connection is None


gone: list[bool] = []
threads_of_views: list[int] = []


async def waits(request: HttpRequest) -> HttpResponse:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        gone.append(True)
        raise
    raise AssertionError


def raises(request: HttpRequest) -> HttpResponse:
    threads_of_views.append(threading.get_ident())
    raise ZeroDivisionError


def answers(request: HttpRequest) -> HttpResponse:
    threads_of_views.append(threading.get_ident())
    return HttpResponse("here")


urlpatterns = [path("waits/", waits), path("raises/", raises), path("answers/", answers)]


@pytest.fixture
def product_middleware(settings: Any) -> None:
    settings.MIDDLEWARE, settings.ROOT_URLCONF = product.MIDDLEWARE, __name__
    gone.clear()
    threads_of_views.clear()


def communicator(application: Any, path: str) -> Any:
    return HttpCommunicator(application, "GET", path, headers=[(b"host", b"localhost")])


@pytest.mark.usefixtures("product_middleware")
async def test_who_leaves_while_a_view_waits_ends_the_view_and_leaves_the_thread_to_others() -> None:
    application = with_lasting_threads(ASGIHandler())
    others = request_threads_alive()
    leaving = communicator(application, "/waits/")
    await leaving.send_input({"type": "http.request", "body": b""})
    while not request_threads_alive() - others:
        await asyncio.sleep(0.01)
    await leaving.send_input({"type": "http.disconnect"})
    async with asyncio.timeout(10):
        await leaving.wait()
    assert gone == [True]
    staying = communicator(application, "/answers/")
    assert (await staying.get_response())["body"] == b"here"
    await staying.wait()
    assert set(threads_of_views) == request_threads_alive() - others


@pytest.mark.usefixtures("product_middleware")
async def test_a_view_that_raises_is_answered_and_leaves_the_thread_to_others() -> None:
    application = with_lasting_threads(ASGIHandler())
    for name, status in (("raises", 500), ("answers", 200), ("raises", 500)):
        request = communicator(application, f"/{name}/")
        assert (await request.get_response())["status"] == status
        await request.wait()
    assert len(set(threads_of_views)) == 1


async def test_a_request_goes_to_its_thread_a_few_times_and_not_for_each_hook_of_each_middleware(
    monkeypatch: Any, settings: Any
) -> None:
    settings.MIDDLEWARE = product.MIDDLEWARE
    hops: list[str] = []
    call = SyncToAsync.__call__

    async def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        hops.append(getattr(self.func, "__qualname__", repr(self.func)))
        return await call(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    request = HttpCommunicator(with_lasting_threads(ASGIHandler()), "GET", "/livez", headers=[(b"host", b"localhost")])
    assert (await request.get_response())["status"] == 200
    await request.wait()
    # For its signals, what stands before static files, all other middleware, and what looks at the view.
    assert len(hops) <= 6, hops
