"""Other people's clients, and hostile ones, against really started servers."""

import asyncio
import json
import socket
from typing import Any

import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.servers import Server

pytestmark = pytest.mark.server
WAIT_SECONDS = 5
PATHS = ["/ws/any_url/", "/ws/two_url/", "/ws/chat/room1/"]


async def receive(client: Any) -> Any:
    return json.loads(await asyncio.wait_for(client.recv(), WAIT_SECONDS))


async def send_and_read_on(client: Any, frame: str) -> None:
    await client.send(frame)
    while True:
        await receive(client)


@pytest.mark.parametrize("with_origin", [True, False], ids=["page", "script"])
async def test_the_tutorials_clients_work_unchanged(server: Server, with_origin: bool) -> None:
    origin: Any = server.url if with_origin else None
    async with websockets.connect(f"{server.ws}/ws/any_url/", origin=origin) as client:
        words = [await receive(client), await receive(client)]
    assert all(isinstance(word["message"], str) for word in words)
    assert words[1]["at"] - words[0]["at"] == 2000

    async with websockets.connect(f"{server.ws}/ws/two_url/", origin=origin) as client:
        readings = [await receive(client), await receive(client)]
    assert all(0 <= reading["data"] <= 100 for reading in readings)
    assert readings[1]["at"] - readings[0]["at"] == 2000

    async with (
        websockets.connect(f"{server.ws}/ws/chat/room1/", origin=origin) as member,
        websockets.connect(f"{server.ws}/ws/chat/room1/", origin=origin) as other,
    ):
        await member.send(json.dumps({"message": "hi", "username": "mia"}))
        for client in (member, other):
            frame = await receive(client)
            assert (frame["message"], frame["username"]) == ("hi", "mia")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_a_foreign_origin_is_refused_with_403(server: Server, path: str, origin: Any) -> None:
    logged = len(server.output)
    with pytest.raises(InvalidStatus) as refused:
        await websockets.connect(f"{server.ws}{path}", origin=origin)
    assert refused.value.response.status_code == 403
    assert "is foreign to host" in server.output[logged:]


@pytest.mark.parametrize(
    "path", ["/ws/nowhere/", "/ws/chat/" + "x" * 81 + "/", "/ws/chat/..%2Fx/", "/ws/chat/%00/", "/ws/chat/%FF/"]
)
async def test_an_unknown_path_or_impossible_room_is_refused_without_a_traceback(server: Server, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await websockets.connect(f"{server.ws}{path}")
    assert refused.value.response.status_code in {403, 404}
    assert "Traceback" not in server.output


@pytest.mark.parametrize("path", PATHS)
async def test_a_frame_of_a_megabyte_closes_its_sender_alone_with_1009(server: Server, path: str) -> None:
    async with websockets.connect(f"{server.ws}{path}") as neighbour:
        async with websockets.connect(f"{server.ws}{path}") as client:
            with pytest.raises(ConnectionClosed) as closed:
                await send_and_read_on(client, "x" * 1_000_000)
        # Daphne hangs up without a word: 1006.
        if server.kind == "uvicorn":
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009
        await neighbour.send('{"message": "still here"}')
        await receive(neighbour)
    assert "Traceback" not in server.output


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(frames=st.lists(st.text(max_size=300) | st.binary(max_size=300), min_size=1, max_size=8))
@pytest.mark.parametrize("path", PATHS)
async def test_whatever_is_sent_disturbs_nobody(server: Server, path: str, frames: list[str | bytes]) -> None:
    async with websockets.connect(server.ws + path) as neighbour, websockets.connect(server.ws + path) as rude:
        for frame in frames:
            await rude.send(frame)
        await rude.send('{"message": "end", "username": "rude"}')
        answer = await receive(rude)
        while "chat" in path and answer["message"] != "end":
            answer = await receive(rude)
        assert isinstance(await receive(neighbour), dict)
    assert "Traceback" not in server.output


def send_body(server: Server, headers: str, megabytes: int) -> bytes:
    """Posts zeros until they are all sent or the server has had enough; returns its answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_SECONDS) as client:
        client.sendall(f"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n".encode())
        chunk = b"\0" * 1_000_000
        try:
            for _ in range(megabytes):
                client.sendall(b"F4240\r\n" + chunk + b"\r\n" if "chunked" in headers else chunk)
        except OSError:
            pass
        answer = b""
        try:
            while piece := client.recv(100_000):  # until the server hangs up
                answer += piece
        except ConnectionResetError:
            pass
        return answer


@pytest.mark.parametrize("headers", ["Content-Length: 1073741824", "Transfer-Encoding: chunked"])
def test_a_body_of_a_gigabyte_is_refused_before_it_is_read(uvicorn: Server, headers: str) -> None:
    answer = send_body(uvicorn, headers, megabytes=40)
    assert not answer or b" 413 " in answer.splitlines()[0]
    assert uvicorn.status("/livez") == 200
    assert "Traceback" not in uvicorn.output


def test_an_announced_gigabyte_gets_413(uvicorn: Server) -> None:
    answer = send_body(uvicorn, "Content-Length: 1073741824", megabytes=0)
    assert b" 413 " in answer.splitlines()[0]
    assert b'"code": "too-big"' in answer
