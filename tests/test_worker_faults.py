"""A worker stops for a while, and connections to it are cut in mid-frame or stall (`make faults`)."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.chat_page import eventually
from tests.postgres import needs_postgres
from tests.proxy import Direction, Proxy
from tests.scene import Scene, busy, fault, heals
from tests.servers import HEAL_SECONDS, Server, Valkey, prepare, running, wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.server,
    needs_postgres,
]
STOP_SECONDS = 20
UNLOCKED_SECONDS = 6
STALL_SECONDS = 6
REPLACED_SECONDS = 45  # `serve` waits for 30 before it takes a worker for dead
CUTS = 20
CUT_SECONDS = 0.3
CUT_BYTES = (9_000, 1_501, 217, 31)


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    scene = Scene()
    with running(scene):
        yield scene


@pytest.fixture
def fronts(scene: Scene) -> Iterator[list[Proxy]]:
    """Of both workers."""
    scene.site.fronts = [Proxy(server.port) for server in scene.servers]
    with running(*scene.site.fronts):
        yield scene.site.fronts
    scene.site.fronts = []


async def test_a_worker_that_stops_for_20_seconds_goes_on_and_has_lost_nothing(scene: Scene) -> None:
    async with busy(scene) as (crowd, senders):
        there = len(crowd.pages)
        await eventually(
            lambda: all(page.count == there for page in crowd.pages), HEAL_SECONDS, lambda: "not all are there"
        )
        async with fault(scene.servers[0].pause, scene.servers[0].resume):
            await asyncio.sleep(UNLOCKED_SECONDS)  # it may have stopped in a transaction, with locks
            before = crowd.echoes(1)
            await asyncio.sleep(STOP_SECONDS - UNLOCKED_SECONDS)
            assert crowd.echoes(1) > before + STOP_SECONDS  # the people of the other talk on
        await heals(scene, crowd, senders)
        await eventually(
            lambda: all(page.count == there for page in crowd.pages), HEAL_SECONDS, lambda: "not all are there again"
        )


async def test_connections_of_devices_and_people_that_are_cut_in_mid_frame_lose_and_double_nothing(
    scene: Scene, fronts: list[Proxy]
) -> None:
    async with busy(scene) as (crowd, senders):
        for number in range(CUTS):
            front, before = fronts[number % 2], fronts[number % 2].cuts
            direction: Direction = "back" if number // 2 % 2 else "there"
            front.cut_in_mid_frame(direction, CUT_BYTES[number // 4 % len(CUT_BYTES)])
            await eventually(lambda: front.cuts > before, HEAL_SECONDS, lambda: "not cut")  # noqa: B023
            await asyncio.sleep(CUT_SECONDS)
        await heals(scene, crowd, senders)


@pytest.mark.parametrize("direction", ["there", "back"])
async def test_connections_that_stall_go_on(scene: Scene, fronts: list[Proxy], direction: Direction) -> None:
    async with busy(scene) as (crowd, senders):
        async with fault(lambda: fronts[0].stall(direction), fronts[0].resume):
            before = crowd.echoes(1)
            await asyncio.sleep(STALL_SECONDS)
        assert crowd.echoes(1) > before
        await heals(scene, crowd, senders)


def test_a_worker_of_several_that_hangs_is_replaced(tmp_path: Path, valkey: Valkey) -> None:
    prepare(tmp_path)
    server = Server("uvicorn", tmp_path, workers=2, REDIS_URL=valkey.url, HOST_FEED="0")
    with running(server):
        server.wait_until_ready()
        stopped = server.workers[0]
        stopped.suspend()
        try:
            wait_until(lambda: not stopped.is_running(), REPLACED_SECONDS, "the stopped worker is still there")
        finally:
            with suppress(psutil.NoSuchProcess):
                stopped.resume()
        for _ in range(10):  # whichever answers
            wait_until(lambda: server.status("/readyz") == 200, HEAL_SECONDS, "not ready")
