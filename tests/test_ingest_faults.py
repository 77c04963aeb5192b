"""`kill -9`, a database that goes away, writers side by side: what was acknowledged is there, once (`make faults`)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger import Ledger
from tests.postgres import Postgres, needs_postgres
from tests.senders import Senders, post
from tests.servers import Server, new_folder, new_token, prepare, running

pytestmark = [pytest.mark.faults, pytest.mark.server]
ENOUGH = 2_000  # acknowledged readings, before something breaks


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
        self.token = new_token(folder, **self.env)
        self.ledger = Ledger(postgres.url if postgres else folder)

    def server(self, port: int | None = None) -> Server:
        return Server("uvicorn", self.folder, port, workers=1, **self.env)


async def test_kill_9_loses_nothing_that_was_acknowledged(site: Site) -> None:
    server = site.server()
    with running(server):
        async with Senders(server.wait_until_ready().url, site.token) as senders:
            for _ in range(3):
                await senders.until(senders.count() + ENOUGH)
                server.kill()
                server = site.server(server.port)
                await asyncio.to_thread(server.wait_until_ready)
            await senders.until(senders.count() + ENOUGH)
        server.stop()
    senders.assert_all_there_once(site.ledger)


async def test_an_end_on_request_loses_nothing_either(site: Site) -> None:
    server = site.server()
    with running(server):
        async with Senders(server.wait_until_ready().url, site.token) as senders:
            await senders.until(ENOUGH)
            await asyncio.to_thread(server.stop)
    senders.assert_all_there_once(site.ledger)


async def test_two_servers_write_to_the_same_database(site: Site) -> None:
    servers = [site.server(), site.server()]
    with running(*servers):
        for server in servers:
            server.wait_until_ready()
        async with Senders(servers[0].url, site.token) as first, Senders(servers[1].url, site.token) as second:
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
    unknown = new_token(folder, **site.env)
    with running(postgres, server):
        async with Senders(server.wait_until_ready().url, site.token) as senders:
            await senders.until(ENOUGH)
            await asyncio.to_thread(postgres.kill)
            for token in (site.token, unknown):  # also one that has to be looked up
                assert not await asyncio.to_thread(post, server.url, "/write", b"a v=1", token)
            before = senders.count()
            postgres = await asyncio.to_thread(postgres.again)
            await senders.until(before + ENOUGH)
        with running(postgres):
            server.stop()
            senders.assert_all_there_once(site.ledger)
