"""How much of a really started server one address may have, and whose word counts about addresses."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import websockets

from tests.servers import START_SECONDS, Process, Server, running, wait_until

pytestmark = pytest.mark.server
# Runs `manage.py serve` with a listening socket as systemd passes it.
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.executable, [sys.executable, "manage.py", "serve"])
"""


class Visitor:
    """Opens sockets by way of a proxy that names `address`."""

    def __init__(self) -> None:
        self.open: list[Any] = []

    async def knock(self, url: str, address: str = "", unix: Path | None = None) -> int:
        """The status of a refused handshake, the code that closes the socket at once, or 0: it stays open."""
        headers = {"X-Forwarded-For": address} if address else {}
        try:
            if unix:
                client = await websockets.unix_connect(str(unix), url, additional_headers=headers, open_timeout=30)
            else:
                client = await websockets.connect(url, additional_headers=headers, open_timeout=30)
            await asyncio.wait_for(client.recv(), 5)
        except websockets.InvalidStatus as refused:
            return refused.response.status_code
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
        self.open.append(client)
        return 0


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    visitor = Visitor()
    yield visitor
    for client in visitor.open:
        await client.close()


@pytest.fixture(scope="module")
def strict(prepared: Path) -> Iterator[Server]:
    """Behind a proxy on this machine; few of everything."""
    few = {"SOCKETS_PER_ADDRESS": "3", "HANDSHAKES_PER_MINUTE": "10", "REQUESTS_PER_MINUTE": "10"}
    server = Server("uvicorn", prepared, TRUSTED_PROXIES="127.0.0.1", **few)  # type: ignore[arg-type]
    with running(server):
        yield server.wait_until_ready()


async def test_a_fourth_socket_is_one_too_many_and_others_have_their_own(strict: Server, visitor: Visitor) -> None:
    url = f"{strict.ws}/ws/two/"
    assert [await visitor.knock(url, "192.0.2.1") for _ in range(4)] == [0, 0, 0, 4429]
    assert await visitor.knock(url, "192.0.2.2") == 0
    await visitor.open[0].close()
    tries = 0
    while (code := await visitor.knock(url, "192.0.2.1")) == 4429 and tries < 4:  # the server has to notice
        tries += 1
        await asyncio.sleep(0.2)
    assert code == 0, "a place is free again"


async def test_handshakes_too_fast_are_refused_with_429(strict: Server, visitor: Visitor) -> None:
    codes = [await visitor.knock(f"{strict.ws}/ws/nowhere/", "192.0.2.3") for _ in range(12)]
    assert codes == [403] * 10 + [429] * 2
    assert "Handshakes from 192.0.2.3 are refused" in strict.output
    assert "without completing handshake" not in strict.output


def statuses(server: Server, path: str, address: str, number: int, method: str = "GET") -> list[int]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    found = []
    for _ in range(number):
        connection.request(method, path, headers={"X-Forwarded-For": address})
        answer = connection.getresponse()
        answer.read()
        found.append(answer.status)
    connection.close()
    return found


def test_requests_too_fast_are_refused_with_429_static_files_and_readings_are_not(strict: Server) -> None:
    assert statuses(strict, "/two/version/", "192.0.2.4", 12) == [200] * 10 + [429] * 2
    assert statuses(strict, "/static/img/favicon.svg", "192.0.2.4", 2) == [200, 200]
    assert statuses(strict, "/write?p=nonsense", "192.0.2.4", 2, "POST") == [401, 401]
    assert statuses(strict, "/two/version/", "192.0.2.5", 1) == [200]


def test_a_home_of_ipv6_is_one_address(strict: Server) -> None:
    found = [statuses(strict, "/two/version/", f"2001:db8::{number:x}", 1)[0] for number in range(1, 12)]
    assert found == [200] * 10 + [429]


async def test_who_is_no_trusted_proxy_cannot_name_another_address(prepared: Path, visitor: Visitor) -> None:
    server = Server("uvicorn", prepared, SOCKETS_PER_ADDRESS="1")
    with running(server):
        await asyncio.to_thread(server.wait_until_ready)
        assert await visitor.knock(f"{server.ws}/ws/two/", "192.0.2.1") == 0
        assert await visitor.knock(f"{server.ws}/ws/two/", "192.0.2.2") == 4429
    assert server.output.count("is not in TRUSTED_PROXIES") == 1


def on_unix(prepared: Path, path: Path) -> Process:
    env = {"DATA_DIR": str(prepared), "SOCKETS_PER_ADDRESS": "1", "DJANGO_SETTINGS_MODULE": "examplechannels.settings"}
    command = [sys.executable, "manage.py", "serve", "--uds", str(path)]
    return Process(command, {**env, "DEBUG": "0"}, path.with_suffix(".log"))


async def test_on_a_unix_socket_the_proxy_is_believed(prepared: Path, visitor: Visitor, tmp_path: Path) -> None:
    path = tmp_path / "site.sock"
    for _ in range(2):  # the second time over the file that the first one left
        process = on_unix(prepared, path)
        with running(process):
            url = "ws://localhost/ws/two/"
            await asyncio.to_thread(wait_until, lambda: listens(path), START_SECONDS, "it does not listen")
            assert [await visitor.knock(url, "192.0.2.1", path) for _ in range(2)] == [0, 4429]
            assert await visitor.knock(url, "192.0.2.2", path) == 0
            assert [await visitor.knock(url, "", path) for _ in range(3)] == [0, 0, 0], "without an address none counts"
            assert f"Serving {path}" in process.output
            assert path.stat().st_mode & 0o777 == 0o660
            second = on_unix(prepared, path)
            with running(second):
                await asyncio.to_thread(second.wait, START_SECONDS)
                assert "somebody listens there" in second.log.read_text()
            while visitor.open:
                await visitor.open.pop().close()


def listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
async def test_a_socket_that_systemd_passes_queues_visitors_over_a_restart(
    prepared: Path, visitor: Visitor, tmp_path: Path, family: socket.AddressFamily
) -> None:
    path = tmp_path / "passed.sock"
    with socket.socket(family) as listener:
        listener.bind(("127.0.0.1", 0) if family == socket.AF_INET else str(path))
        listener.listen(16)
        env = {"DATA_DIR": str(prepared), "DEBUG": "0", "DJANGO_SETTINGS_MODULE": "examplechannels.settings"}
        command = [sys.executable, "-c", ACTIVATE, str(listener.fileno())]
        unix = path if family == socket.AF_UNIX else None
        url = "ws://localhost/ws/two/" if unix else f"ws://127.0.0.1:{listener.getsockname()[1]}/ws/two/"
        for turn in range(2):
            knocking = asyncio.create_task(visitor.knock(url, unix=unix))  # before anybody serves
            process = Process(command, env, tmp_path / f"{turn}.log", pass_fds=[listener.fileno()])
            with running(process):
                assert await asyncio.wait_for(knocking, 40) == 0, process.output


def test_several_passed_sockets_are_refused(tmp_path: Path, prepared: Path) -> None:
    code = ACTIVATE.replace('"1"', '"2"')
    with socket.socket() as listener:
        env = {"DATA_DIR": str(prepared), "DEBUG": "0", "DJANGO_SETTINGS_MODULE": "examplechannels.settings"}
        command = [sys.executable, "-c", code, str(listener.fileno())]
        process = Process(command, env, tmp_path / "two.log", pass_fds=[listener.fileno()])
        with running(process):
            assert process.wait(START_SECONDS) == 1
    assert "systemd passed 2 sockets" in process.output
    assert os.linesep * 3 not in process.output
