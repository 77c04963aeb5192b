"""`manage.py serve --workers 4` with Valkey and PostgreSQL is one site, whichever worker a visitor meets."""

import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import Any, NamedTuple

import psutil
import pytest
import websockets

from tests.ledger import Ledger
from tests.postgres import Postgres, needs_postgres
from tests.servers import Server, Valkey, manage, new_folder, new_token, prepare, running, wait_until

pytestmark = [
    pytest.mark.server,
    needs_postgres,
]
WORKERS = 4
MOST_SOCKETS = 200
WAIT_SECONDS = 10
POSTS, READINGS_A_POST = 24, 50
RULE = """
from two.models import Device, Metric, Rule
metric = Metric.objects.create(device=Device.objects.create(slug="boiler"), name="t")
Rule.objects.create(metric=metric, kind="above", threshold=1000)
"""
ALARMS = "SELECT COUNT(*) FROM two_alarm"


class Site(NamedTuple):
    server: Server
    ledger: Ledger
    token: str

    def pids(self) -> set[int]:
        """Of the workers that hold a connection of a client."""
        port, children = self.server.port, psutil.Process(self.server.pid).children(recursive=True)
        return {
            child.pid
            for child in children
            for held in child.net_connections("tcp")
            if held.laddr.port == port and held.status == psutil.CONN_ESTABLISHED
        }

    async def open_on_all(self, stack: AsyncExitStack, path: str) -> list[Any]:
        """Sockets, as many as it takes until every worker has one."""
        clients: list[Any] = []
        while len(self.pids()) < WORKERS:
            assert len(clients) < MOST_SOCKETS, f"{len(self.pids())} of {WORKERS} workers were met"
            opening = [websockets.connect(self.server.ws + path) for _ in range(WORKERS)]
            clients += [await stack.enter_async_context(client) for client in opening]
        return clients

    def post(self, readings: list[dict[str, Any]]) -> int:
        """Over a connection of its own, which any of the workers takes."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.server.url}/two/readings/", json.dumps(readings).encode(), headers)
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            return int(answer.status)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    folder, postgres = new_folder(), Postgres(new_folder())
    with ExitStack() as stack:
        stack.enter_context(running(postgres))
        valkey = Valkey(new_folder())
        stack.enter_context(running(valkey))
        env = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, "HOST_FEED": "0"}
        prepare(folder, **env)
        manage("shell", "-v0", "-c", RULE, DATA_DIR=str(folder), **env)
        token = new_token(folder, **env)
        server = Server("uvicorn", folder, None, WORKERS, **env)
        with running(server):
            server.wait_until_ready()
            workers = psutil.Process(server.pid).children
            wait_until(lambda: len(workers(recursive=True)) >= WORKERS, WAIT_SECONDS, "not all workers are there")
            yield Site(server, Ledger(postgres.url), token)


def reading(at: int, value: int) -> dict[str, Any]:
    return {"device": "boiler", "ts": at, "values": {"t": value}}


async def heard(client: Any, wanted: Any) -> Any:
    """The first frame that `wanted` says yes to."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not wanted(frame := json.loads(await client.recv())):
            pass
    return frame


@pytest.mark.parametrize(("path", "key"), [("/ws/any_url/", "message"), ("/ws/two_url/", "data")])
async def test_all_show_the_same_word_and_number(site: Site, path: str, key: str) -> None:
    async with AsyncExitStack() as stack:
        clients = await site.open_on_all(stack, path)
        now_ms = int(time.time() * 1000)
        frames = await asyncio.gather(*(heard(client, lambda frame: frame["at"] > now_ms) for client in clients))
    assert len({(frame["at"], frame[key]) for frame in frames}) == 1


async def test_readings_posted_to_any_reach_all_and_are_counted_once(site: Site) -> None:
    first_ms = int(time.time() * 1000) - 1000
    posts = [
        [reading(first_ms + n, n) for n in range(post, post + READINGS_A_POST)]
        for post in range(0, POSTS * READINGS_A_POST // 2, READINGS_A_POST // 2)  # each reading comes in two of them
    ]
    missing = {one["ts"] for post in posts for one in post}

    async def all_heard(client: Any) -> None:
        left = set(missing)
        async with asyncio.timeout(WAIT_SECONDS):
            while left:
                left -= {one["at"] for one in json.loads(await client.recv())}

    async with AsyncExitStack() as stack:
        clients = await site.open_on_all(stack, "/ws/two_url/?device=boiler")
        posting = asyncio.gather(*(asyncio.to_thread(site.post, post) for post in posts))
        await asyncio.gather(posting, *map(all_heard, clients))
        assert set(posting.result()) == {204}
    stored = await asyncio.to_thread(site.ledger.readings)
    assert {at_ns // 10**6 for _, _, at_ns in stored} >= missing
    await asyncio.to_thread(site.ledger.assert_rollups_agree)


async def test_an_alarm_is_raised_once_and_seen_on_all(site: Site) -> None:
    async with AsyncExitStack() as stack:
        clients = await site.open_on_all(stack, "/ws/two_url/?device=boiler&events=all")
        now_ms = int(time.time() * 1000)
        too_hot = [[reading(now_ms + n, 2000 + n)] for n in range(2 * WORKERS)]
        await asyncio.gather(*(asyncio.to_thread(site.post, post) for post in too_hot))
        frames = await asyncio.gather(*(heard(client, lambda frame: "alarm" in frame) for client in clients))
    assert len({frame["alarm"]["id"] for frame in frames}) == 1
    assert await asyncio.to_thread(site.ledger.rows, ALARMS) == [(1,)]


async def test_people_meet_and_are_counted_on_all(site: Site) -> None:
    async with AsyncExitStack() as stack:
        clients = await site.open_on_all(stack, "/ws/chat/room1/?events=all")
        await clients[0].send(json.dumps({"message": "to all"}))
        lines = await asyncio.gather(*(heard(client, lambda frame: "message" in frame) for client in clients))
        assert len({frame["id"] for frame in lines}) == 1
        newcomer = await stack.enter_async_context(websockets.connect(f"{site.server.ws}/ws/chat/room1/?events=all"))
        everybody = [*clients, newcomer]
        await asyncio.gather(
            *(heard(client, lambda frame: frame.get("count") == len(everybody)) for client in everybody)
        )
