import json
from pathlib import Path

import pytest
import websockets

from tests.servers import Server, Valkey, manage, prepare, running

HI = '{"type": "text", "message": "hi from the shell"}'


def test_the_in_memory_layer_does_not_cross_processes() -> None:
    done = manage("publish", "room:room1", HI)
    assert done.returncode != 0
    assert "does not cross processes" in done.stderr


@pytest.mark.server
async def test_a_frame_from_the_shell_reaches_a_room(tmp_path: Path) -> None:
    prepare(tmp_path)
    valkey = Valkey(tmp_path)
    server = Server("uvicorn", tmp_path, REDIS_URL=valkey.url)
    with running(valkey, server):
        server.wait_until_ready()
        async with websockets.connect(f"{server.ws}/ws/chat/room1/") as member:
            done = manage("publish", "room:room1", HI, REDIS_URL=valkey.url)
            assert done.returncode == 0, done.stderr
            assert json.loads(await member.recv())["message"] == "hi from the shell"
        for bad in (
            ["room:../x", HI],
            ["a group", HI],
            ["room:room1", "{"],
            ["room:room1", '"\\ud800"'],
            ["room:room1", "[" * 100_000],
        ):
            done = manage("publish", *bad, REDIS_URL=valkey.url)
            assert done.returncode != 0
            assert len(done.stderr.strip().splitlines()) == 1
