"""A server that is told to end: every socket is told to come back, and what was under way is finished."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets

from tests.ledger import Ledger
from tests.postgres import Postgres, needs_postgres
from tests.servers import Server, Valkey, new_folder, new_token, prepare, running, wait_until

pytestmark = pytest.mark.server
PATHS = ("/ws/one/", "/ws/two/?device=*&events=all", "/ws/chat/room1/?events=all", "/ws/chat/", "/ws/two/ingest/")
DRAIN_SECONDS = 2
SLOW_DRAIN_SECONDS = 6  # what happens meanwhile is seen on a busy machine too
LIMIT_SECONDS = DRAIN_SECONDS + 12  # lifespan.LAST_SECONDS
NOTICE_SECONDS = 5


@asynccontextmanager
async def sockets(server: Server, number: int) -> AsyncIterator[list[Any]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(websockets.connect(server.ws + PATHS[n % len(PATHS)]))
            for n in range(number)
        ]


async def end_of(client: Any) -> tuple[int | None, float]:
    """The close code, and when it came."""
    try:
        while True:
            await client.recv()
    except websockets.ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None, time.monotonic()


async def test_sigterm_turns_readiness_off_refuses_new_sockets_and_closes_all_others_one_by_one(prepared: Path) -> None:
    server = Server("uvicorn", prepared, DRAIN_SECONDS=str(SLOW_DRAIN_SECONDS))
    with running(server):
        await asyncio.to_thread(server.wait_until_ready)
        async with sockets(server, 60) as clients:
            ends = [asyncio.create_task(end_of(client)) for client in clients]
            server.signal(signal.SIGTERM)
            await asyncio.to_thread(wait_until, lambda: server.status("/readyz") == 503, NOTICE_SECONDS, "still ready")
            assert server.status("/livez") == server.status("/one/") == 200
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(f"{server.ws}/ws/one/")
            assert refused.value.response.status_code == 503
            assert refused.value.response.headers["Retry-After"] == "1"
            found = await asyncio.gather(*ends)
            assert {code for code, _ in found} == {1012}
            first = min(at for _, at in found)
            shares = sorted((at - first) / SLOW_DRAIN_SECONDS for _, at in found)
            assert shares[len(shares) // 4] < 0.5 < shares[-len(shares) // 4], "they are spread"
            assert 0.8 < shares[-1] < 1.3
            await asyncio.to_thread(server.wait, LIMIT_SECONDS)
    assert "Traceback" not in server.output
    assert "handshake" not in server.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ctrl_c_and_a_second_sigterm_do_not_wait(prepared: Path, number: signal.Signals) -> None:
    server = Server("uvicorn", prepared, DRAIN_SECONDS="60")
    with running(server):
        await asyncio.to_thread(server.wait_until_ready)
        async with sockets(server, 5) as clients:
            if number == signal.SIGTERM:
                server.signal(signal.SIGTERM)
                await asyncio.to_thread(wait_until, lambda: server.status("/readyz") == 503, NOTICE_SECONDS, "no drain")
            server.signal(number)
            assert {(await end_of(client))[0] for client in clients} == {1012}
            await asyncio.to_thread(server.wait, LIMIT_SECONDS)


async def test_several_workers_drain_side_by_side(prepared: Path, valkey: Valkey) -> None:
    server = Server("uvicorn", prepared, workers=2, REDIS_URL=valkey.url)
    with running(server):
        await asyncio.to_thread(server.wait_until_ready)
        async with sockets(server, 40) as clients:
            server.signal(signal.SIGTERM)
            assert {code for code, _ in await asyncio.gather(*map(end_of, clients))} == {1012}
            await asyncio.to_thread(server.wait, LIMIT_SECONDS)


async def test_sighup_ends_one_worker_as_sigterm_does(prepared: Path) -> None:
    server = Server("uvicorn", prepared)
    with running(server):
        await asyncio.to_thread(server.wait_until_ready)
        async with sockets(server, 10) as clients:
            server.signal(signal.SIGHUP)
            assert {code for code, _ in await asyncio.gather(*map(end_of, clients))} == {1012}
            await asyncio.to_thread(server.wait, LIMIT_SECONDS)


async def connect_again_and_again(server: Server) -> None:
    """Until it is refused, or kept waiting."""
    while True:
        await websockets.connect(f"{server.ws}/ws/one/", open_timeout=NOTICE_SECONDS)


async def test_while_one_worker_drains_the_others_take_whoever_comes(prepared: Path, valkey: Valkey) -> None:
    server = Server("uvicorn", prepared, workers=2, REDIS_URL=valkey.url, DRAIN_SECONDS=str(SLOW_DRAIN_SECONDS))
    with running(server):
        await asyncio.to_thread(server.wait_until_ready)
        async with sockets(server, 60) as clients:
            ends = [asyncio.create_task(end_of(client)) for client in clients]
            one = max(server.workers, key=lambda worker: len(worker.net_connections()))
            one.send_signal(signal.SIGTERM)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for _ in range(60):  # refused by none of them; of two that listen, each would get some
                async with websockets.connect(f"{server.ws}/ws/one/"):
                    pass
            assert one.is_running(), "it drains no more"
            server.signal(signal.SIGTERM)
            await asyncio.gather(*ends)
            await asyncio.to_thread(server.wait, 2 * LIMIT_SECONDS)


async def test_once_all_workers_drain_nobody_waits_for_an_answer(prepared: Path, valkey: Valkey) -> None:
    server = Server("uvicorn", prepared, workers=2, REDIS_URL=valkey.url, DRAIN_SECONDS=str(SLOW_DRAIN_SECONDS))
    with running(server):
        await asyncio.to_thread(server.wait_until_ready)
        async with sockets(server, 20) as clients:
            ends = [asyncio.create_task(end_of(client)) for client in clients]
            server.signal(signal.SIGTERM)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            with pytest.raises(ConnectionRefusedError):
                await connect_again_and_again(server)
            assert server.running
            await asyncio.gather(*ends)
            await asyncio.to_thread(server.wait, LIMIT_SECONDS)


async def test_what_is_sent_while_it_ends_is_stored_if_it_was_acknowledged(tmp_path: Path) -> None:
    prepare(tmp_path)
    token = new_token(tmp_path)
    bearer = {"Authorization": f"Bearer {token}"}
    server = Server("uvicorn", tmp_path)
    acknowledged = []
    with running(server):
        await asyncio.to_thread(server.wait_until_ready)
        async with (
            websockets.connect(f"{server.ws}/ws/two/ingest/", additional_headers=bearer) as device,
            websockets.connect(f"{server.ws}/ws/chat/room1/") as member,
        ):
            begun_ms = int(time.time() * 1000)

            async def answers() -> None:
                async for text in device:
                    acknowledged.append(json.loads(text)["ack"])

            reading = asyncio.create_task(answers())
            said, echoed = 0, set()

            async def echoes() -> None:
                async for text in member:
                    echoed.add(json.loads(text)["message"])

            hearing = asyncio.create_task(echoes())
            for number in range(1, 5_000):
                if number == 100:
                    server.signal(signal.SIGTERM)
                try:
                    frame = {"ts": begun_ms + number, "values": {"n": number}, "device": "drain"}
                    await device.send(json.dumps(frame))
                    if number % 20 == 0:
                        said += 1
                        await member.send(json.dumps({"message": f"word {said}"}))
                except websockets.ConnectionClosed:
                    break
                await asyncio.sleep(0.002)
            await asyncio.gather(reading, hearing, return_exceptions=True)
        await asyncio.to_thread(server.wait, LIMIT_SECONDS)
    ledger = Ledger(tmp_path)
    stored = {int(value) for (value,) in ledger.rows("SELECT value FROM two_reading")}
    assert len(acknowledged) > 50
    assert echoed
    assert set(acknowledged) <= stored
    texts = [text for (text,) in ledger.rows("SELECT text FROM threechat_message")]
    assert echoed <= set(texts)
    assert len(texts) == len(set(texts))


@pytest.mark.faults
@needs_postgres
async def test_it_ends_within_its_limit_though_the_database_hangs() -> None:
    folder = new_folder()
    postgres = Postgres(new_folder())
    with running(postgres):
        env: Any = {"DATABASE_URL": postgres.url, "DRAIN_SECONDS": str(DRAIN_SECONDS), "HOST_FEED": "0"}
        prepare(folder, **env)
        server = Server("uvicorn", folder, **env)
        with running(server):
            await asyncio.to_thread(server.wait_until_ready)
            async with sockets(server, 10) as clients:
                member = next(c for c in clients if "room1" in c.request.path)
                postgres.signal(signal.SIGSTOP)
                try:
                    await member.send(json.dumps({"message": "into the void"}))
                    began = time.monotonic()
                    server.signal(signal.SIGTERM)
                    assert {code for code, _ in await asyncio.gather(*map(end_of, clients))} == {1012}
                    await asyncio.to_thread(server.wait, LIMIT_SECONDS + 2)
                    assert time.monotonic() - began < LIMIT_SECONDS + 1
                finally:
                    postgres.signal(signal.SIGCONT)
