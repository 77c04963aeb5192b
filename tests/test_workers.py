"""Two workers and a Valkey are one site."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import websockets

from tests.servers import START_SECONDS, Server, Valkey, new_folder, prepare, running, wait_until

pytestmark = pytest.mark.server
WAIT_SECONDS = 5


async def receive(client: Any) -> Any:
    return json.loads(await asyncio.wait_for(client.recv(), WAIT_SECONDS))


@pytest.mark.parametrize(("path", "key"), [("/ws/one/", "message"), ("/ws/two/", "data")])
async def test_both_show_the_same_in_the_same_slot(two_workers: tuple[Server, Server], path: str, key: str) -> None:
    async with websockets.connect(two_workers[0].ws + path) as a, websockets.connect(two_workers[1].ws + path) as b:
        seen = [{frame["at"]: frame[key] for frame in [await receive(c) for _ in range(3)]} for c in (a, b)]
    common = seen[0].keys() & seen[1].keys()
    assert len(common) >= 2
    assert all(seen[0][at] == seen[1][at] for at in common)


async def test_they_share_a_room_its_people_and_the_list(two_workers: tuple[Server, Server]) -> None:
    first, second = two_workers
    async with (
        websockets.connect(f"{first.ws}/ws/chat/room1/?events=all") as mia,
        websockets.connect(f"{second.ws}/ws/chat/room1/?events=all") as ben,
        websockets.connect(f"{second.ws}/ws/chat/") as index,
    ):
        await mia.send(json.dumps({"message": "hi", "username": "mia"}))
        while (frame := await receive(ben))["type"] != "text":
            pass
        assert (frame["username"], frame["message"]) == ("mia", "hi")
        for client in (mia, ben):
            while (frame := await receive(client)) != {**frame, "type": "presence", "count": 2}:
                pass
        while not (rooms := (await receive(index))["rooms"]) or rooms[0]["count"] != 2 or not rooms[0]["last"]:
            pass
        assert rooms[0]["last"]["message"] == "hi"
        await mia.close()
        while (frame := await receive(ben)) != {**frame, "type": "presence", "count": 1}:
            pass


async def test_one_serve_command_runs_several_workers(prepared: Path, valkey: Valkey) -> None:
    server = Server("uvicorn", prepared, workers=2, REDIS_URL=valkey.url)
    with running(server):
        server.wait_until_ready()
        clients = [await websockets.connect(f"{server.ws}/ws/chat/room2/") for _ in range(8)]
        await clients[0].send('{"message": "to all"}')
        assert {(await receive(client))["message"] for client in clients} == {"to all"}
        for client in clients:
            await client.close()


def test_without_redis_it_is_one_worker_and_says_why(prepared: Path) -> None:
    server = Server("uvicorn", prepared, workers=4)
    with running(server):
        server.wait_until_ready()
        assert "One worker: without REDIS_URL" in server.output


def test_a_second_worker_without_redis_says_that_nobody_hears_it() -> None:
    """Two units, say: neither settings nor environment tell of the other."""
    folder = new_folder()
    prepare(folder)
    first = Server("uvicorn", folder)
    with running(first):
        first.wait_until_ready()
        second = Server("uvicorn", folder)
        with running(second):
            wait_until(lambda: "Serving http" in second.output, START_SECONDS, "it does not serve")
            assert "(examplechannels.W001)" in second.output
        first.kill()  # whose word goes with it
        third = Server("uvicorn", folder)
        with running(third):
            wait_until(lambda: "Serving http" in third.output, START_SECONDS, "it does not serve")
    assert all("W001" not in server.output for server in (first, third))
