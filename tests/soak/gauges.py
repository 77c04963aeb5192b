"""What a site holds at a moment: its workers, its database, its Valkey."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import psycopg
import redis

from bench import kernel
from tests.chat_workers import ChatWorkers
from tests.postgres import Postgres
from tests.servers import Server, Valkey

MB = 1e6
MEMORY = "memory, MB"
EVERY_SECONDS = 1.0
METRIC = re.compile(r"^examplechannels_(\w+)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)
INSIDE = {
    "asyncio_tasks": "asyncio tasks",
    "groups": "groups with viewers here",
    "layer_groups": "groups joined in the layer",
    "websockets_open": "WebSockets open",
}
"""What `/metrics` says, by what it is called here."""
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()"

Sample = dict[str, float]


class Gauges:
    """Reads all of it: the memory of each worker, what people move from one to another with them of all together."""

    def __init__(self, site: ChatWorkers, postgres: Postgres | None, valkey: Valkey | None) -> None:
        self._site = site
        self._postgres = psycopg.connect(postgres.url, autocommit=True) if postgres else None
        self._valkey = redis.Redis(port=valkey.port) if valkey else None
        self.last: Sample = {}
        self.measured: dict[str, list[float]] = {}

    async def sample_for_ever(self, counts: Callable[[], bool]) -> None:
        """Each second; what `counts` before and after is `measured`."""
        while True:
            began = time.monotonic()
            does_count = counts()
            self.last = await asyncio.to_thread(self.read)
            if does_count and counts():
                for name, value in self.last.items():
                    self.measured.setdefault(name, []).append(value)
            await asyncio.sleep(began + EVERY_SECONDS - time.monotonic())

    def read(self) -> Sample:
        """Blocks for some milliseconds."""
        found: Sample = {}
        for number, server in enumerate(self._site.servers, 1):
            for name, value in of_worker(server).items():
                key = f"worker {number}: {name}" if name == MEMORY else f"workers: {name}"
                found[key] = found.get(key, 0.0) + value
        if self._postgres:
            [count] = self._postgres.execute(CONNECTIONS).fetchone() or (0,)
            found["PostgreSQL: connections"] = float(count)
        if self._valkey:
            clients: Any = self._valkey.client_list()
            found["Valkey: clients"] = len(clients) - 1.0
            found["Valkey: channels"] = float(len(self._valkey.pubsub_channels()))
            found["Valkey: subscriptions"] = float(sum(int(client["sub"]) for client in clients))
        return found

    def close(self) -> None:
        if self._postgres:
            self._postgres.close()
        if self._valkey:
            self._valkey.close()


def of_worker(server: Server) -> Sample:
    """Raises RuntimeError where the worker does not say."""
    pid = server.pid
    found = {
        MEMORY: kernel.rss_bytes(pid) / MB,
        "open files": float(kernel.open_files(pid)),
        "threads": float(kernel.threads(pid)),
    }
    inside: Sample = {}
    status, text = server.get("/metrics")
    if status != 200:
        raise RuntimeError(f"/metrics of {server.url}: {status}")
    for name, value in METRIC.findall(text):
        if name in INSIDE:
            inside[INSIDE[name]] = inside.get(INSIDE[name], 0.0) + float(value)
    return found | inside
