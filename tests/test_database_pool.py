"""Many requests share a few connections to a PostgreSQL, which may go away and come back."""

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
import websockets
from websockets.typing import Origin

from tests.postgres import Postgres, needs_postgres
from tests.servers import HEAL_SECONDS, Server, manage, new_folder, prepare, running, wait_until

pytestmark = [
    pytest.mark.server,
    needs_postgres,
]
OWN_CONNECTIONS = 8  # docs/decisions.md: of the threads that stay
REQUESTS = 200
READINGS = 200_000
MEMBER = """
from django.contrib.auth.models import User
from django.test import Client
from two.models import Device, Metric
client = Client()
client.force_login(User.objects.create_user("mia"))
boiler = Device.objects.create(slug="boiler")
print(client.cookies["sessionid"].value, Metric.objects.create(device=boiler, name="t").pk)
"""
FILL = "INSERT INTO two_reading (metric_id, at_ns, value) SELECT %s, %s + n, n FROM generate_series(1, %s) AS n"


class Site(NamedTuple):
    postgres: Postgres
    folder: Path
    session: str

    def worker(self, pool: int) -> Server:
        env = {"DATABASE_URL": self.postgres.url, "DATABASE_POOL": str(pool), "LOGIN_REQUIRED": "1", "HOST_FEED": "0"}
        return Server("uvicorn", self.folder, None, 1, **env)

    def request(self, server: Server, path: str) -> bytes:
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", f"Cookie: sessionid={self.session}"]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode()

    async def status(self, server: Server, path: str) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(self.request(server, path))
        answer = await reader.read()
        writer.close()
        return int(answer.split(b" ", 2)[1])

    def connections(self) -> int:
        with psycopg.connect(self.postgres.url) as looking:
            query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'examplechannels'"
            [[count]] = looking.execute(query).fetchall()
        return int(count)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    postgres, folder = Postgres(new_folder()), new_folder()
    with running(postgres):
        prepare(folder, DATABASE_URL=postgres.url)
        done = manage("shell", "-v0", "-c", MEMBER, DATA_DIR=str(folder), DATABASE_URL=postgres.url)
        session, metric = done.stdout.split()
        with psycopg.connect(postgres.url) as filling:
            filling.execute(FILL, (metric, time.time_ns() - 10**9, READINGS))
        yield Site(postgres, folder, session)


async def test_a_rush_on_a_new_worker_is_answered_over_a_few_connections(site: Site) -> None:
    """Members' questions about the past: each holds a connection while a thread asks over another."""
    server = site.worker(pool=2)
    with running(server):
        server.wait_until_ready()
        asked = asyncio.gather(*(site.status(server, "/two/readings/") for _ in range(REQUESTS)))
        most = 0
        while not asked.done():
            most = max(most, await asyncio.to_thread(site.connections))
        assert {status: asked.result().count(status) for status in set(asked.result())} == {200: REQUESTS}
        assert 0 < most <= 2 + OWN_CONNECTIONS


async def test_who_reads_slowly_holds_no_connection(site: Site) -> None:
    server = site.worker(pool=1)
    with running(server), socket.socket() as slow:
        server.wait_until_ready()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(site.request(server, "/two/readings/?format=csv"))
        assert slow.recv(12) == b"HTTP/1.1 200"
        assert await site.status(server, "/chat/") == 200


async def test_pages_that_refuse_hold_no_connection(site: Site) -> None:
    """Django renders them in threads that nobody cleans up after."""
    server = site.worker(pool=1)
    with running(server):
        server.wait_until_ready()
        for path, status in (("/nope", 404), ("/static/nope", 404), ("/two/device/boiler/rules/", 403)):
            assert set(await asyncio.gather(*(site.status(server, path) for _ in range(20)))) == {status}
        assert await site.status(server, "/chat/") == 200


async def test_a_handshake_waits_for_no_page(site: Site) -> None:
    """Who comes is looked up over a connection that pages do not take."""
    server = site.worker(pool=1)
    with running(server), psycopg.connect(site.postgres.url) as locking:
        server.wait_until_ready()
        locking.execute("LOCK TABLE threechat_room")
        page = asyncio.create_task(site.status(server, "/chat/"))
        blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with psycopg.connect(site.postgres.url, autocommit=True) as looking:
            async with asyncio.timeout(5):
                while looking.execute(blocked).fetchone() != (1,):
                    await asyncio.sleep(0.01)
        cookie = {"Cookie": f"sessionid={site.session}"}
        coming = websockets.connect(f"{server.ws}/ws/one/", origin=Origin(server.url), additional_headers=cookie)
        async with asyncio.timeout(3), coming as visitor:
            assert await visitor.recv()
        locking.rollback()
        assert await page == 200


def test_while_it_is_away_pages_say_so_and_afterwards_they_are_back(site: Site) -> None:
    server = site.worker(pool=4)

    async def rush() -> list[int]:
        return await asyncio.gather(*(site.status(server, "/chat/") for _ in range(8)))

    with running(server):
        server.wait_until_ready()
        assert asyncio.run(rush()) == [200] * 8
        site.postgres.kill()
        assert set(asyncio.run(rush())) == {503}
        assert asyncio.run(site.status(server, "/nope")) == 404
        status, body = server.get("/readyz")
        assert (status, '"database": "no answer"' in body) == (503, True)
        assert "the database does not answer: connection failed" in server.output
        postgres = site.postgres.again()
        with running(postgres):
            wait_until(lambda: asyncio.run(rush()) == [200] * 8, HEAL_SECONDS, "not healed")
            assert server.status("/readyz") == 200
        assert "Traceback" not in server.output
