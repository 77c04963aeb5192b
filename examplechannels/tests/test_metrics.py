"""Who may read /metrics, and that what happens is counted."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import AsyncClient, Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from examplechannels import metrics, outlet
from examplechannels.background import Background
from examplechannels.broadcast import Broadcast, local_group
from examplechannels.metrics import REGISTRY
from examplechannels.outlet import MAX_BACKLOG_FRAMES, Outlet, SendFrame, frame
from tests.sockets import opened, socket

TOKEN = "metrics-token"


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"examplechannels_{name}", labels) or 0.0


class Counted:
    """By how much a number has grown since."""

    def __init__(self, name: str, **labels: str) -> None:
        self._name, self._labels = name, labels
        self._before = value(name, **labels)

    @property
    def grown(self) -> float:
        return value(self._name, **self._labels) - self._before


def status(address: str, **headers: str) -> int:
    return Client().get("/metrics", REMOTE_ADDR=address, headers=headers).status_code


def test_it_is_prometheus_text() -> None:
    answer = Client().get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    families = {family.name for family in text_string_to_metric_families(answer.content.decode())}
    assert {"examplechannels_websockets_open", "examplechannels_fan_out_seconds"} <= families


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", 200), ("127.8.9.1", 200), ("::1", 200), ("10.0.0.9", 403), ("2001:db8::1", 403), ("", 403)],
)
def test_without_a_token_only_this_machine_reads_it(settings: Settings, address: str, expected: int) -> None:
    settings.METRICS_TOKEN = ""
    assert status(address) == expected


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_who_comes_through_a_proxy_of_this_machine_is_not_this_machine(settings: Settings, header: str) -> None:
    settings.METRICS_TOKEN = ""
    assert status("127.0.0.1", **{header: "10.0.0.9"}) == 403


@pytest.mark.parametrize(
    ("brought", "expected"),
    [(f"Bearer {TOKEN}", 200), (f"Bearer {TOKEN}x", 403), (f"Bearer {TOKEN[:-1]}", 403), (TOKEN, 403), ("ü", 403)],
)
def test_with_a_token_only_who_brings_it_reads_it(settings: Settings, brought: str, expected: int) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert status("10.0.0.9", Authorization=brought) == expected
    assert status("127.0.0.1") == 403


@pytest.mark.parametrize(
    ("path", "app"),
    [
        ("/ws/any_url/", "one"),
        ("/ws/two/", "two"),
        ("/ws/chat/room1/", "chat"),
        ("/ws/chat/", "chat-list"),
        ("/ws/two/ingest/", "ingest"),
    ],
)
@pytest.mark.django_db(transaction=True)
async def test_an_open_socket_is_counted_by_its_app_until_it_closes(path: str, app: str) -> None:
    accepted = Counted("handshakes_total", app=app, outcome="accepted")
    before = value("websockets_open", app=app)
    client = await opened(path)
    assert (value("websockets_open", app=app) - before, accepted.grown) == (1, 1)
    await client.disconnect()
    assert value("websockets_open", app=app) == before


@pytest.mark.parametrize(("path", "app"), [("/ws/nowhere/", "other"), ("/ws/two/", "two")])
async def test_a_refused_handshake_is_counted_and_opens_nothing(path: str, app: str) -> None:
    refused = Counted("handshakes_total", app=app, outcome="refused")
    connected, _ = await socket(path, origin="http://evil.example").connect(timeout=5)
    assert not connected
    assert refused.grown == 1
    assert value("websockets_open", app=app) == 0


class Viewer:
    def deliver(self, message: SendFrame) -> None: ...

    def catch_up(self) -> None: ...


async def test_a_group_counts_while_somebody_watches_it() -> None:
    broadcast, one, other = Broadcast(), Viewer(), Viewer()
    here = local_group("here")
    for viewer in (one, other):
        await broadcast.group_add(here, viewer)
    await broadcast.group_add("everywhere", one)
    assert (value("groups"), value("layer_groups")) == (2, 1)
    for viewer in (one, other):
        await broadcast.group_discard(here, viewer)
    await broadcast.group_discard("everywhere", one)
    assert (value("groups"), value("layer_groups")) == (0, 0)


async def test_frames_of_a_fan_out_are_counted_once_for_all() -> None:
    broadcast, group = Broadcast(), local_group("counted")
    for _ in range(3):
        await broadcast.group_add(group, Viewer())
    frames, fan_outs = Counted("frames_sent_total"), Counted("fan_out_seconds_count")
    await broadcast.send_here(group, {})
    await broadcast.send_here(local_group("nobody"), {})
    assert (frames.grown, fan_outs.grown) == (3, 1)


async def never(message: Any) -> None:
    await asyncio.Event().wait()


async def test_frames_that_a_blocked_viewer_misses_are_counted() -> None:
    dropped, closed = Counted("frames_dropped_total"), Counted("slow_viewers_closed_total", why="backlog")
    for overflow in ("drop", "close"):
        viewer = Outlet(never, overflow)
        viewer.open()
        for _ in range(1 + MAX_BACKLOG_FRAMES + 1):  # the first is on its way
            viewer.send(frame("x"))
        viewer.end()
    assert dropped.grown == 1 + MAX_BACKLOG_FRAMES + 1
    assert closed.grown == 1


async def test_a_viewer_that_takes_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "BLOCKED_SECONDS", 0.01)
    blocked = Counted("slow_viewers_closed_total", why="blocked")
    viewer = Outlet(never, "drop")
    viewer.open()
    viewer.send(frame("x"))
    async with asyncio.timeout(2):
        while not viewer.closed:
            await asyncio.sleep(0.01)
    assert blocked.grown == 1


@pytest.mark.django_db
async def test_requests_are_counted_by_method_and_class_of_status() -> None:
    found = Counted("http_request_seconds_count", method="GET", status="2xx")
    missing = Counted("http_request_seconds_count", method="other", status="4xx")
    await AsyncClient().get("/livez")  # Django's handler alone: not through the wrapper
    assert found.grown == 0
    await request("GET", "/livez")
    await request("BREW", "/nowhere/")
    assert (found.grown, missing.grown) == (1, 1)


async def request(method: str, path: str) -> list[Any]:
    """What the whole application sends."""
    from examplechannels.asgi import application

    sent: list[Any] = []
    bodies = [{"type": "http.request", "body": b""}]

    async def receive() -> Any:
        if bodies:
            return bodies.pop()
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost")]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    await application(scope, receive, send)
    return sent


def test_refusals_are_counted_and_mistakes_are_not() -> None:
    from examplechannels.doors import refusal

    fast, mistake = Counted("refusals_total", reason="too-fast"), Counted("refusals_total", reason="bad-number")
    refusal(429, "too-fast", "")
    refusal(400, "bad-number", "")
    assert (fast.grown, mistake.grown) == (1, 0)


def test_an_error_with_a_traceback_is_counted_by_its_logger() -> None:
    logger = logging.getLogger("test.metrics")
    counted = Counted("errors_total", where="test.metrics")
    try:
        raise ValueError
    except ValueError:
        logger.exception("broken")
        logger.warning("broken", exc_info=True)
    logger.error("no traceback")
    assert counted.grown == 1


async def test_a_job_that_fails_is_counted() -> None:
    failed = asyncio.Event()

    async def broken_job() -> None:
        failed.set()
        raise ValueError

    background = Background()
    background.register(broken_job)
    counted = Counted("background_failures_total", job="broken_job")
    background.start()
    await failed.wait()
    await asyncio.sleep(0)
    await background.stop()
    assert counted.grown == 1


async def test_tasks_are_counted() -> None:
    watching = asyncio.create_task(metrics.watch_event_loop())
    await asyncio.sleep(0)  # it has counted, and waits
    assert value("asyncio_tasks") == len(asyncio.all_tasks()) > 1
    watching.cancel()
    await asyncio.wait([watching])


async def test_how_late_the_event_loop_is_is_observed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(metrics, "WATCH_SECONDS", 0.01)
    monkeypatch.setattr(metrics, "time", SimpleNamespace(perf_counter=lambda: now))
    seen, lag = Counted("event_loop_lag_seconds_count"), Counted("event_loop_lag_seconds_sum")
    watching = asyncio.create_task(metrics.watch_event_loop())
    await asyncio.sleep(0)  # it waits
    now += 0.51
    async with asyncio.timeout(5):
        while not seen.grown:
            await asyncio.sleep(0)
    watching.cancel()
    await asyncio.wait([watching])
    assert lag.grown == pytest.approx(0.5)
