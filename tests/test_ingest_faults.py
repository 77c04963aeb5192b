"""`kill -9`, a database that goes away, writers side by side: what was acknowledged is there, once (`make faults`)."""

import asyncio
import json
import os
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import websockets

from tests.ledger import Key, Ledger
from tests.postgres import Postgres, find
from tests.servers import Server, manage, new_folder, prepare, running, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.server]
SENDERS = 4
BATCH = 50
ENOUGH = 2_000  # acknowledged readings, before something breaks
needs_postgres = pytest.mark.skipif(find() is None and not os.environ.get("CI"), reason="there is no initdb")

Acknowledged = dict[Key, float]
Stop = Callable[[], bool]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=needs_postgres)])
def site(request: pytest.FixtureRequest) -> Iterator["Site"]:
    folder = new_folder()
    postgres = Postgres(folder) if request.param == "postgres" else None
    site = Site(folder, postgres)
    with running(*([postgres] if postgres else [])):
        yield site


class Site:
    """A prepared data folder or PostgreSQL, with a token that writes for any device."""

    def __init__(self, folder: Path, postgres: Postgres | None) -> None:
        self.folder = folder
        self.postgres = postgres
        self.env = {"DATABASE_URL": postgres.url if postgres else "", "HOST_FEED": "0"}
        prepare(folder, **self.env)
        printed = manage("token", "site", "tests", DATA_DIR=str(folder), **self.env).stdout
        self.token = printed.split()[1]
        self.ledger = Ledger(postgres.url if postgres else folder)

    def server(self, port: int | None = None) -> Server:
        return Server("uvicorn", self.folder, port, workers=1, **self.env)


def post(server: Server, path: str, body: bytes, token: str) -> bool:
    """True when it was acknowledged; False when the server is away or has not stored it."""
    request = urllib.request.Request(server.url + path, body, {"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bool(answer.status == 204)
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        return False
    except OSError:
        return False


def batch(sender: str) -> Acknowledged:
    now = time.time_ns()
    return {(sender, f"m{number % 7}", now + number): random.random() for number in range(BATCH)}


def as_json(values: Acknowledged) -> bytes:
    """Milliseconds alone fit `ts`, so each reading gets one of its own."""
    return json.dumps(
        [
            {"device": device, "ts": at // 10**6, "values": {metric: value}}
            for (device, metric, at), value in values.items()
        ]
    ).encode()


def as_lines(values: Acknowledged) -> bytes:
    return "\n".join(f"{device} {metric}={value!r} {at}" for (device, metric, at), value in values.items()).encode()


def send_lines(server: Server, token: str, sender: str, acknowledged: Acknowledged, stop: Stop) -> None:
    while not stop():
        values = batch(sender)
        if post(server, "/api/v2/write", as_lines(values), token):
            acknowledged.update(values)
            post(server, "/api/v2/write", as_lines(values), token)  # a doubtful client sends it again
        else:
            time.sleep(0.01)


def send_json(server: Server, token: str, sender: str, acknowledged: Acknowledged, stop: Stop) -> None:
    at_ms = time.time_ns() // 10**6 - 10**6
    while not stop():
        values = {(sender, f"m{n % 7}", (at_ms := at_ms + 1) * 10**6): random.random() for n in range(BATCH)}
        if post(server, "/two/readings/", as_json(values), token):
            acknowledged.update(values)
        else:
            time.sleep(0.01)


async def send_frames(server: Server, token: str, sender: str, acknowledged: Acknowledged, stop: Stop) -> None:
    at_ms = time.time_ns() // 10**6 - 10**6
    while not stop():
        with suppress(OSError, websockets.ConnectionClosed, websockets.InvalidHandshake):
            async with websockets.connect(
                f"{server.ws}/ws/two/ingest/", additional_headers={"Authorization": f"Bearer {token}"}
            ) as socket:
                while not stop():
                    sent = []
                    for _ in range(8):
                        values = {(sender, "m", (at_ms := at_ms + 1) * 10**6): random.random()}
                        sent.append(values)
                        await socket.send(as_json(values).decode())
                    for values in sent:
                        answer = json.loads(await socket.recv())
                        if "ack" in answer:
                            acknowledged.update(values)
                        else:
                            assert answer["code"] == "not-stored", answer
        await asyncio.sleep(0.01)


class Senders:
    """Devices that send by all three ways, in threads, until `stop`."""

    def __init__(self, server: Server, token: str) -> None:
        self.acknowledged: list[Acknowledged] = [{} for _ in range(3 * SENDERS)]
        self._stopped = False
        self._server, self._token = server, token

    def count(self) -> int:
        return sum(map(len, self.acknowledged))

    def everything(self) -> Acknowledged:
        return {key: value for part in self.acknowledged for key, value in part.items()}

    def _stop(self) -> bool:
        return self._stopped

    async def __aenter__(self) -> "Senders":
        self._threads = ThreadPoolExecutor(len(self.acknowledged))
        self._tasks: list[asyncio.Future[None]] = []
        for number, acknowledged in enumerate(self.acknowledged):
            arguments = (self._server, self._token, f"device-{number}", acknowledged, self._stop)
            if number % 3 == 2:
                self._tasks.append(asyncio.ensure_future(send_frames(*arguments)))
            else:
                send = send_lines if number % 3 else send_json
                loop = asyncio.get_running_loop()
                self._tasks.append(loop.run_in_executor(self._threads, send, *arguments))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopped = True
        await asyncio.gather(*self._tasks)
        self._threads.shutdown()

    async def until(self, count: int) -> None:
        await asyncio.to_thread(
            wait_until, lambda: self.count() >= count, 60, f"{self.count()} of {count} acknowledged"
        )


def assert_all_there_once(site: Site, senders: Senders) -> None:
    stored = site.ledger.readings()
    lost = {key for key, value in senders.everything().items() if stored.get(key) != value}
    assert not lost, f"{len(lost)} of {senders.count()} acknowledged readings are not there"
    site.ledger.assert_rollups_agree()


async def test_kill_9_loses_nothing_that_was_acknowledged(site: Site) -> None:
    server = site.server()
    with running(server):
        async with Senders(server.wait_until_ready(), site.token) as senders:
            for _ in range(3):
                await senders.until(senders.count() + ENOUGH)
                server.kill()
                server = site.server(server.port)
                await asyncio.to_thread(server.wait_until_ready)
            await senders.until(senders.count() + ENOUGH)
        server.stop()
    assert_all_there_once(site, senders)


async def test_an_end_on_request_loses_nothing_either(site: Site) -> None:
    server = site.server()
    with running(server):
        async with Senders(server.wait_until_ready(), site.token) as senders:
            await senders.until(ENOUGH)
            await asyncio.to_thread(server.stop)
    assert_all_there_once(site, senders)


async def test_two_servers_write_to_the_same_database(site: Site) -> None:
    servers = [site.server(), site.server()]
    with running(*servers):
        for server in servers:
            server.wait_until_ready()
        async with Senders(servers[0], site.token) as first, Senders(servers[1], site.token) as second:
            await first.until(ENOUGH)
            await second.until(ENOUGH)
    stored = site.ledger.readings()
    for key, value in (first.everything() | second.everything()).items():
        assert key in stored
        assert stored[key] in {value, first.everything().get(key), second.everything().get(key)}
    site.ledger.assert_rollups_agree()


@needs_postgres
async def test_while_postgresql_is_away_nothing_is_acknowledged_and_afterwards_all_goes_on() -> None:
    folder = new_folder()
    postgres = Postgres(folder)
    site = Site(folder, postgres)
    server = site.server()
    unknown = manage("token", "site", "new", DATA_DIR=str(folder), **site.env).stdout.split()[1]
    with running(postgres, server):
        async with Senders(server.wait_until_ready(), site.token) as senders:
            await senders.until(ENOUGH)
            await asyncio.to_thread(postgres.kill)
            for token in (site.token, unknown):  # also one that has to be looked up
                assert not await asyncio.to_thread(post, server, "/write", b"a v=1", token)
            before = senders.count()
            postgres = await asyncio.to_thread(postgres.again)
            await senders.until(before + ENOUGH)
        with running(postgres):
            server.stop()
            assert_all_there_once(site, senders)
