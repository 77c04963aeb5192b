"""/metrics of really started servers: two workers on one socket count as one."""

import http.client
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from examplechannels.exposition import SHARED_MEMORY
from examplechannels.metrics import FOLDER
from tests.servers import START_SECONDS, Server, Valkey, running, wait_until

pytestmark = pytest.mark.server
SOON_SECONDS = 10
LEAST_VIEWERS, MOST_VIEWERS = 20, 200
ASKED_SECONDS = 1.5  # uvicorn asks each 0.5 s
ANSWERS = "layer_answers"
ACCEPTED = "handshakes_total", "two", "accepted"
OPEN = "websockets_open", "two"


class Scraper:
    """A kept-open connection, which stays with one worker."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SOON_SECONDS)
        self.read()
        self.worker = worker_at(server, self._connection.sock.getsockname()[1])

    def read(self) -> dict[Any, float]:
        self._connection.request("GET", "/metrics")
        return values(self._connection.getresponse().read().decode())

    def close(self) -> None:
        self._connection.close()


def values(text: str) -> dict[Any, float]:
    """By name without the prefix, or by name and the values of its labels."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    short = [(sample.name.removeprefix("examplechannels_"), sample) for sample in samples]
    return {(name, *one.labels.values()) if one.labels else name: one.value for name, one in short}


def read(server: Server) -> dict[Any, float]:
    return values(server.get("/metrics")[1])


def worker_at(server: Server, port: int) -> int:
    """Which process holds the other end of a connection from `port`."""
    for worker in server.workers:
        for one in worker.net_connections("tcp"):
            if one.raddr and one.raddr.port == port:
                return worker.pid
    raise LookupError(port)


@contextmanager
def viewers(server: Server) -> Iterator[list[int]]:
    """Open sockets, as many as it takes until both workers have some; gives the worker of each."""
    at: list[int] = []
    with ExitStack() as stack:
        while len(at) < LEAST_VIEWERS or len(set(at)) < 2:
            assert len(at) < MOST_VIEWERS, "one worker takes every connection"
            socket = stack.enter_context(connect(f"{server.ws}/ws/two/?device=*"))
            at.append(worker_at(server, socket.socket.getsockname()[1]))
        yield at


@contextmanager
def one_of_each(server: Server) -> Iterator[list[Scraper]]:
    """A scraper at each of the two workers."""
    found: dict[int, Scraper] = {}
    extra: list[Scraper] = []

    def another() -> bool:
        scraper = Scraper(server)
        extra.append(scraper)
        found.setdefault(scraper.worker, scraper)
        return len(found) == 2

    try:
        wait_until(another, SOON_SECONDS, "one worker takes every connection")
        yield list(found.values())
    finally:
        for scraper in extra:
            scraper.close()


@pytest.fixture
def pair(prepared: Path, valkey: Valkey, tmp_path: Path) -> Iterator[Server]:
    """Two workers on one listening socket."""
    server = Server("uvicorn", prepared, workers=2, REDIS_URL=valkey.url, TMPDIR=str(tmp_path), HOST_FEED="0")
    with running(server):
        server.wait_until_ready()
        wait_until(lambda: read(server)["workers"] == 2, START_SECONDS, "a worker is missing")
        yield server


def test_each_worker_tells_the_sum_of_both(pair: Server) -> None:
    with one_of_each(pair) as scrapers, viewers(pair) as at:
        for scraper in scrapers:
            assert scraper.read()[OPEN] == len(at)
            assert scraper.read()[ACCEPTED] == len(at)
    assert read(pair)[ACCEPTED] == len(at)


def test_of_a_killed_worker_the_open_sockets_go_and_the_counts_stay(pair: Server) -> None:
    with viewers(pair) as at:
        dead = at[0]
        with one_of_each(pair) as scrapers:
            [survivor] = [scraper for scraper in scrapers if scraper.worker != dead]
            before = survivor.read()
            os.kill(dead, signal.SIGKILL)
            left = len(at) - at.count(dead)
            wait_until(lambda: survivor.read()[OPEN] == left, SOON_SECONDS, "the dead worker's sockets are still told")
            wait_until(lambda: survivor.read()["workers"] == 2, START_SECONDS, "no new worker")
            after = survivor.read()
    counters = {key for key in before if str(key[0] if isinstance(key, tuple) else key).endswith(("_total", "_count"))}
    assert {key for key in counters if after[key] < before[key]} == set()
    assert after[ACCEPTED] == len(at)


def test_a_worker_that_dies_while_it_is_asked_whether_it_lives_is_replaced_at_once(pair: Server) -> None:
    dead = pair.workers[0]
    dead.suspend()
    time.sleep(ASKED_SECONDS)  # nothing tells that its parent waits for the answer
    dead.kill()

    def is_replaced() -> bool:
        pids = {worker.pid for worker in pair.workers}
        return len(pids) == 2 and dead.pid not in pids

    wait_until(is_replaced, SOON_SECONDS, "no new worker")


def test_its_files_are_in_memory_and_gone_with_the_server(pair: Server, tmp_path: Path) -> None:
    workers = [child.environ() for child in psutil.Process(pair.pid).children()]
    [folder] = {Path(environment[FOLDER]) for environment in workers if FOLDER in environment}
    assert list(folder.glob("*.db"))
    assert folder.parent == (SHARED_MEMORY if SHARED_MEMORY.exists() else tmp_path)
    pair.stop()
    assert not folder.exists()


def test_it_tells_that_the_layer_is_away_and_is_back(prepared: Path, valkey: Valkey) -> None:
    server = Server("uvicorn", prepared, REDIS_URL=valkey.url)
    with running(server):
        server.wait_until_ready()
        with connect(f"{server.ws}/ws/two/?device=*"):
            wait_until(lambda: read(server)[ANSWERS] == 1, SOON_SECONDS, "it does not answer")
            valkey.kill()
            wait_until(lambda: read(server)[ANSWERS] == 0, SOON_SECONDS, "nobody noticed")
            with running(valkey.again()):
                wait_until(lambda: read(server)["layer_reconnects_total"] == 1, SOON_SECONDS, "it does not come back")
                wait_until(lambda: read(server)[ANSWERS] == 1, SOON_SECONDS, "it is back and nobody says so")
