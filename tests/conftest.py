"""Really started servers, one of each kind for all tests that only look."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Server, Valkey, new_folder, prepare, running


@pytest.fixture(scope="session")
def prepared() -> Path:
    """A data folder that is migrated and has its static files."""
    folder = new_folder()
    prepare(folder)
    return folder


@pytest.fixture(scope="session")
def daphne(prepared: Path) -> Iterator[Server]:
    server = Server("daphne", prepared)
    with running(server):
        yield server.wait_until_ready()


@pytest.fixture(scope="session")
def uvicorn(prepared: Path) -> Iterator[Server]:
    server = Server("uvicorn", prepared)
    with running(server):
        yield server.wait_until_ready()


@pytest.fixture(params=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest) -> Server:
    """The program on each of its servers."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path)
    with running(valkey):
        yield valkey


@pytest.fixture
def two_workers(prepared: Path, valkey: Valkey) -> Iterator[tuple[Server, Server]]:
    """Two workers of one site, each on a port of its own so that a test knows which one it talks to."""
    workers = [Server("uvicorn", prepared, REDIS_URL=valkey.url) for _ in range(2)]
    with running(*workers):
        yield workers[0].wait_until_ready(), workers[1].wait_until_ready()
