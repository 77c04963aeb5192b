"""`/metrics`: this worker's numbers, or the sum of all workers that share a listening socket."""

import asyncio
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from examplechannels.doors import refusal
from examplechannels.metrics import FOLDER, REGISTRY

LIVE_GAUGES = re.compile(r"gauge_live\w+_(\d+)\.db")
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 the folder in it has a name nobody knows
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


@contextmanager
def shared_by_workers() -> Iterator[None]:
    """Worker processes started within share their numbers, through files in a folder of their own."""
    # The files are mapped memory with holes: where a full disk cannot fill one, SIGBUS ends the worker.
    memory = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    with TemporaryDirectory(prefix="examplechannels-metrics-", dir=memory, ignore_cleanup_errors=True) as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


async def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics as Prometheus text; 403 for who may not read them."""
    if not _may_read(request):
        return refusal(403, "not-for-you", "Set METRICS_TOKEN and send it, or ask from this machine.")
    return HttpResponse(await asyncio.to_thread(_text), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    """Who brings METRICS_TOKEN; where none is set, who asks from this machine and through no proxy."""
    if settings.METRICS_TOKEN:
        brought = request.headers.get("Authorization", "")
        return secrets.compare_digest(brought.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a unix socket has none
        return False
    return address.is_loopback and not any(name in request.headers for name in FORWARDED)


def _text() -> bytes:
    folder = os.environ.get(FOLDER)
    if not folder:
        return generate_latest(REGISTRY)
    _forget_dead_workers(Path(folder))
    together = CollectorRegistry()
    MultiProcessCollector(together, folder)  # type: ignore[no-untyped-call]
    return generate_latest(together)


def _forget_dead_workers(folder: Path) -> None:
    """Takes away the gauges of workers that ended without a word; what they counted stays."""
    found = {int(name[1]) for file in folder.iterdir() if (name := LIVE_GAUGES.fullmatch(file.name))}
    for pid in found:
        if not _is_worker(pid):
            with suppress(FileNotFoundError):  # another worker is at it too
                mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


def _is_worker(pid: int) -> bool:
    """Whether a living process is this one or has the same parent: its number may be somebody else's by now."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and (pid == os.getpid() or process.ppid() == os.getppid())
    except psutil.NoSuchProcess:
        return False
