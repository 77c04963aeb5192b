"""Redis behind TLS, with users and passwords, and on a Unix socket: two workers each time, and a restart."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
import websockets

from tests.servers import HEAL_SECONDS, Server, Valkey, manage, new_folder, running
from tests.tls_proxy import Authority, TlsProxy

pytestmark = pytest.mark.server
PASSWORD = "ge/he?im@"
# What docs/decisions.md says that the program needs: no key, every channel.
ACCESS_LIST = ["--user", "worker", "on", f">{PASSWORD}", "resetkeys", "&*", "-@all", "+@pubsub", "+@connection"]
WAIT_SECONDS = 5


class Layer(NamedTuple):
    valkey: Valkey
    url: str


@pytest.fixture
def layer(request: pytest.FixtureRequest) -> Iterator[Layer]:
    folder, password = new_folder(), quote(PASSWORD, safe="")
    if request.param == "tls":
        authority = Authority(folder)
        mine = authority.issue("worker")
        options = f"ssl_ca_certs={authority.file}&ssl_certfile={mine}&ssl_keyfile={mine}"
        valkey = Valkey(folder, None, ["--requirepass", PASSWORD])
        with running(valkey):
            proxy = TlsProxy(authority, valkey.port)
            with running(proxy):
                yield Layer(valkey, f"rediss://:{password}@127.0.0.1:{proxy.port}/0?{options}")
    elif request.param == "unix":
        path = folder / "valkey.sock"
        valkey = Valkey(folder, None, ["--unixsocket", str(path), "--requirepass", PASSWORD])
        with running(valkey):
            yield Layer(valkey, f"unix://:{password}@{path}?db=0")
    else:
        valkey = Valkey(folder, None, [*ACCESS_LIST, "--requirepass", "another"])
        with running(valkey):
            yield Layer(valkey, f"redis://worker:{password}@127.0.0.1:{valkey.port}/0")


async def crosses(first: Server, second: Server) -> None:
    """Says something on one worker until it is heard on the other."""
    room = "/ws/chat/room1/"
    async with websockets.connect(first.ws + room) as mia, websockets.connect(second.ws + room) as ben:
        deadline = time.monotonic() + HEAL_SECONDS
        while time.monotonic() < deadline:
            line = f"line {time.monotonic_ns()}"
            await mia.send(json.dumps({"message": line}))
            try:
                async with asyncio.timeout(1):
                    while json.loads(await ben.recv()).get("message") != line:
                        pass
            except TimeoutError:
                continue
            return
    pytest.fail("nothing crosses")


@pytest.mark.parametrize("layer", ["tls", "acl", "unix"], indirect=True)
async def test_a_message_crosses_also_after_a_restart(prepared: Path, layer: Layer) -> None:
    first, second = (Server("uvicorn", prepared, REDIS_URL=layer.url) for _ in range(2))
    with running(first, second):
        for server in (first, second):
            server.wait_until_ready()
        await crosses(first, second)
        layer.valkey.kill()
        status, body = await asyncio.to_thread(first.get, "/readyz")
        assert status == 503
        with running(layer.valkey.again()):
            await crosses(first, second)
            for server in (first, second):
                await asyncio.to_thread(server.wait_until_ready)
        for text in (body, first.output, second.output):
            assert PASSWORD not in text
            assert quote(PASSWORD, safe="") not in text


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://me:{password}@127.0.0.1:1/0", "127.0.0.1:1"),
        ("rediss://:{password}@127.0.0.1:{port}/0", "127.0.0.1:{port}"),
        ("redis://me:{password}@127.0.0.1:{port}/0", "username-password"),
        ("unix://:{password}@/nowhere/valkey.sock?db=0", "/nowhere/valkey.sock"),
        ("redis://:{password}@127.0.0.1:{port}/0?no_such_option=1", "no_such_option"),
        ("rediss://:{password}@127.0.0.1:{port}/0?ssl_ca_certs=/nowhere/ca.pem", "127.0.0.1:{port}"),
    ],
)
def test_what_does_not_answer_is_one_line_without_the_password(valkey: Any, url: str, says: str) -> None:
    values = {"password": quote(PASSWORD, safe=""), "port": str(valkey.port)}
    done = manage("publish", "two", "{}", DATA_DIR=str(new_folder()), REDIS_URL=url.format(**values))
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert says.format(**values) in done.stderr
    assert PASSWORD not in done.stderr
    assert values["password"] not in done.stderr
