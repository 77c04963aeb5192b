"""What Prometheus is told (docs/deployment.md, Seeing inside). exposition.py hands it out.

Counting here costs a lock and, with several workers, a write into a mapped file: so once per fan-out, commit or
request, never once per viewer.
"""

import asyncio
import logging
import os
import time
from itertools import count
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.multiprocess import mark_process_dead

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where workers share their numbers; prometheus_client knows it by this name
PREFIX = "examplechannels"
APPS = ("one", "two", "chat", "chat-list", "ingest", "other")  # what a socket is for, by its path
OUTCOMES = ("accepted", "refused", "failed")
WATCH_SECONDS = 1.0
TASKS_EVERY = 5  # seconds of watching: counting 27,000 tasks takes 12 ms
SHORT_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
LONG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # a busy SQLite: 20 s

REGISTRY = CollectorRegistry()
disable_created_metrics()  # type: ignore[no-untyped-call]
if FOLDER in os.environ:  # gauges of a worker that died and had the same number
    mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


def _counter(name: str, says: str, *labels: str) -> Counter:
    return Counter(name, says, labels, namespace=PREFIX, registry=REGISTRY)


def _gauge(name: str, says: str, *labels: str, of_workers: Literal["livesum", "livemin"] = "livesum") -> Gauge:
    """`of_workers`: how the values of those workers that live become one."""
    return Gauge(name, says, labels, namespace=PREFIX, registry=REGISTRY, multiprocess_mode=of_workers)


def _histogram(name: str, says: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(name, says, labels, namespace=PREFIX, registry=REGISTRY, buckets=buckets)


workers = _gauge("workers", "Worker processes that live")
websockets_open = _gauge("websockets_open", "WebSockets open now", "app")
handshakes = _counter("handshakes", "WebSocket handshakes; failed: gone or broken before an answer", "app", "outcome")
frames_sent = _counter("frames_sent", "Frames handed to sockets, those dropped later among them")
frames_dropped = _counter("frames_dropped", "Frames that a slow viewer did not take in time")
slow_viewers_closed = _counter("slow_viewers_closed", "Viewers ended: full backlog (4408), or blocked for 10 s", "why")
fan_out_seconds = _histogram("fan_out_seconds", "From an event to its last viewer in this worker", SHORT_BUCKETS)

readings_recorded = _counter("readings_recorded", "Readings committed; one that was there already is not counted")
readings_waiting = _gauge("readings_waiting", "Readings that wait for their commit")
commit_seconds = _histogram("commit_seconds", "One transaction of a writing thread", LONG_BUCKETS, "what")

http_request_seconds = _histogram(
    "http_request_seconds", "HTTP requests to their last byte; status none: hung up", LONG_BUCKETS, "method", "status"
)
refusals = _counter("refusals", "What was refused, by the code that its sender was told", "reason")
errors = _counter("errors", "Unhandled exceptions, by the logger that told of them", "where")
background_failures = _counter("background_failures", "Background jobs that raised and began again", "job")

asyncio_tasks = _gauge("asyncio_tasks", "Tasks of the event loop, those of its server among them")
groups = _gauge("groups", "Groups that somebody connected here watches")
layer_groups = _gauge("layer_groups", "Groups of the channel layer that this worker is in")
layer_answers = _gauge("layer_answers", "1 while the channel layer answered when last asked", of_workers="livemin")
layer_reconnects = _counter("layer_reconnects", "Times that the channel layer was back after a loss")
event_loop_lag_seconds = _histogram("event_loop_lag_seconds", "How late the event loop wakes a sleeper", SHORT_BUCKETS)

# A counter that begins at 1 hides its first event from `rate`.
websockets_open_of = {app: websockets_open.labels(app) for app in APPS}
handshakes_of = {(app, outcome): handshakes.labels(app, outcome) for app in APPS for outcome in OUTCOMES}
slow_viewers_closed_by_backlog = slow_viewers_closed.labels("backlog")
slow_viewers_closed_blocked = slow_viewers_closed.labels("blocked")
telemetry_commit_seconds = commit_seconds.labels("telemetry")
chat_commit_seconds = commit_seconds.labels("chat")


async def watch_event_loop() -> None:
    """A background job: each second, how late the second came; now and then, how many tasks there are."""
    workers.set(1)
    layer_answers.set(1)  # until somebody finds otherwise
    for second in count():
        if second % TASKS_EVERY == 0:
            asyncio_tasks.set(len(asyncio.all_tasks()))
        due = time.perf_counter() + WATCH_SECONDS
        await asyncio.sleep(WATCH_SECONDS)
        event_loop_lag_seconds.observe(max(0.0, time.perf_counter() - due))


class ErrorCounter(logging.Handler):
    """Counts the tracebacks that reach the log."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[0]:
            errors.labels(record.name).inc()
