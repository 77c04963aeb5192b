"""PostgreSQL or Valkey hang, refuse, or are cut off, seen by devices and by people (`make faults`)."""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
import websockets

from tests.chat_page import eventually
from tests.postgres import needs_postgres
from tests.proxy import Direction, Proxy
from tests.scene import ENOUGH, Scene, answer_to, busy, fault, heals
from tests.senders import post
from tests.servers import HEAL_SECONDS, running

pytestmark = [
    pytest.mark.faults,
    pytest.mark.server,
    needs_postgres,
]
ANSWER_SECONDS = 11  # a device's POST, whatever hangs
READY_SECONDS = 6  # the program waits for 2; the rest is a busy machine's
STOP_SECONDS = 20
FAULT_SECONDS = 6
CUTS = 12
MOST_CUTS = 10
CUT_SECONDS = 0.5
UNTIMED_SENDERS = 4
CUT_BYTES = (20_000, 3_001, 517, 61)  # of what goes to and fro, until the cut
MORE_THREADS = 80  # than before: 64 requests at once, and those of the program itself


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    scene = Scene()
    with running(scene):
        yield scene


def faults_of_postgres(scene: Scene) -> dict[str, tuple[Callable[[], object], Callable[[], object], float]]:
    """How each begins and ends, and for how many seconds it lasts."""
    proxy = scene.to_postgres

    def kill() -> None:
        scene.postgres.kill()

    def start_again() -> None:
        scene.postgres = scene.postgres.again()

    return {
        "stopped": (scene.postgres.pause, scene.postgres.resume, STOP_SECONDS),
        "killed": (kill, start_again, FAULT_SECONDS),
        "refused": (proxy.refuse, proxy.accept, FAULT_SECONDS),
        "stalled there": (lambda: proxy.stall("there"), proxy.resume, ANSWER_SECONDS),
        "stalled back": (lambda: proxy.stall("back"), proxy.resume, ANSWER_SECONDS),
    }


@pytest.mark.parametrize("name", ["stopped", "killed", "refused", "stalled there", "stalled back"])
async def test_while_postgresql_is_away_all_are_told_and_afterwards_all_goes_on(scene: Scene, name: str) -> None:
    begin, end, seconds = faults_of_postgres(scene)[name]
    threads = scene.threads()
    async with busy(scene) as (crowd, senders):
        ends_at = time.monotonic() + seconds
        async with fault(begin, end):
            await asyncio.sleep(0.5)
            for _ in range(3):
                status, _, took = await answer_to(f"{scene.servers[0].url}/readyz")
                assert (status, took < READY_SECONDS) == (503, True), f"{status} after {took:.1f} s"
            page = asyncio.create_task(answer_to(f"{scene.servers[0].url}/chat/lobby/"))
            if name in {"killed", "refused"}:
                status, headers, _ = await page
                assert (status, headers["Retry-After"]) == (503, "5")
            told = senders.count()
            await asyncio.sleep(max(0.0, ends_at - time.monotonic()))
            assert senders.count() - told < ENOUGH  # at most what was on its way
            assert scene.threads() < threads + MORE_THREADS
        await heals(scene, crowd, senders)
        assert (await page)[0] in {200, 503}
        assert senders.slowest < ANSWER_SECONDS, f"a POST took {senders.slowest:.1f} s"


@pytest.mark.parametrize("name", ["stopped", "refused", "stalled there", "stalled back"])
async def test_while_valkey_is_away_all_is_stored_and_afterwards_everybody_has_it(scene: Scene, name: str) -> None:
    proxy = scene.to_valkey
    begin, end, seconds = {
        "stopped": (scene.valkey.pause, scene.valkey.resume, STOP_SECONDS),
        "refused": (proxy.refuse, proxy.accept, FAULT_SECONDS),
        "stalled there": (lambda: proxy.stall("there"), proxy.resume, FAULT_SECONDS),
        "stalled back": (lambda: proxy.stall("back"), proxy.resume, FAULT_SECONDS),
    }[name]
    async with busy(scene) as (crowd, senders):
        ends_at = time.monotonic() + seconds
        async with fault(begin, end):
            await asyncio.sleep(0.5)
            status, _, took = await answer_to(f"{scene.servers[0].url}/readyz")
            assert (status, took < READY_SECONDS) == (503, True), f"{status} after {took:.1f} s"
            assert (await answer_to(f"{scene.servers[0].url}/chat/lobby/"))[0] == 200
            before, echoes = senders.count(), crowd.echoes(0)
            await senders.until(before + ENOUGH, FAULT_SECONDS)  # the database alone is asked
            await eventually(lambda: crowd.echoes(0) > echoes, FAULT_SECONDS, lambda: "no echo")
            await asyncio.sleep(max(0.0, ends_at - time.monotonic()))
        await heals(scene, crowd, senders)
        assert senders.slowest < ANSWER_SECONDS, f"a POST took {senders.slowest:.1f} s"


@pytest.mark.parametrize("name", ["to_postgres", "to_valkey"])
async def test_connections_that_are_cut_in_mid_frame_lose_and_double_nothing(scene: Scene, name: str) -> None:
    proxy: Proxy = getattr(scene, name)
    before = proxy.cuts
    async with busy(scene) as (crowd, senders):
        for number in range(CUTS):
            direction: Direction = "back" if number % 2 else "there"
            proxy.cut_in_mid_frame(direction, CUT_BYTES[number // 2 % len(CUT_BYTES)])
            await eventually(lambda: proxy.cuts - before > number, HEAL_SECONDS, lambda: "not cut")  # noqa: B023
            await asyncio.sleep(CUT_SECONDS)
        await heals(scene, crowd, senders)


async def test_readings_without_ts_whose_commit_goes_unanswered_are_not_doubled_and_pages_fetch_them(
    scene: Scene,
) -> None:
    proxy, url, numbers = scene.to_postgres, scene.site.url(0), itertools.count()
    acknowledged, refused = set[float](), set[float]()
    before, ends = proxy.cuts, asyncio.Event()

    async def send() -> None:
        while not ends.is_set():
            value = float(next(numbers))
            is_stored = await asyncio.to_thread(post, url, "/write", f"untimed v={value}".encode(), scene.site.token)
            (acknowledged if is_stored else refused).add(value)

    async with websockets.connect(f"{scene.servers[1].ws}/ws/two/?device=untimed&events=all") as page:
        senders = [asyncio.create_task(send()) for _ in range(UNTIMED_SENDERS)]
        for number in range(CUTS):
            proxy.cut_before("back", b"COMMIT\0")
            await eventually(lambda: proxy.cuts - before > number, HEAL_SECONDS, lambda: "not cut")  # noqa: B023
            known = len(acknowledged)
            await eventually(lambda: len(acknowledged) > known + UNTIMED_SENDERS, HEAL_SECONDS, lambda: "no 204")  # noqa: B023
        ends.set()
        await asyncio.gather(*senders)
        ledger = scene.site.ledger
        stored = Counter(value for (device, _, _), value in ledger.readings().items() if device == "untimed")
        assert acknowledged <= stored.keys() <= acknowledged | refused
        assert refused & stored.keys(), "nothing was cut after a commit: this test has seen nothing"
        assert [value for value, times in stored.items() if times > 1] == []
        ledger.assert_rollups_agree()
        async with asyncio.timeout(HEAL_SECONDS):
            while json.loads(await page.recv()) != {"type": "catch_up"}:
                pass
    assert "Traceback" not in scene.servers[0].output, scene.servers[0].output[-3000:]


async def test_too_many_connections_to_postgresql_are_a_503_and_no_500(scene: Scene) -> None:
    with psycopg.connect(scene.postgres.url) as taken:
        most = int(taken.execute("SHOW max_connections").fetchall()[0][0])
    async with busy(scene) as (crowd, senders):
        others: list[Any] = []

        async def take_all() -> None:
            with suppress(psycopg.OperationalError):
                while len(others) < 2 * most:
                    others.append(await asyncio.to_thread(psycopg.connect, scene.postgres.url))

        async def status_of(path: str) -> int:
            status, headers, _ = await answer_to(scene.servers[0].url + path)
            assert status == 200 or (status == 503 and headers["Retry-After"]), f"{path}: {status}"
            return status

        try:
            await take_all()
            for _ in range(MOST_CUTS):  # whoever had a connection needs another, and may be quicker than this test
                await asyncio.to_thread(scene.to_postgres.cut)
                await take_all()
                if await status_of("/chat/lobby/") == 503:
                    break
            else:
                pytest.fail("a worker always has a connection")
            for path in ("/accounts/login/", "/two/devices/", "/"):
                await status_of(path)
        finally:
            for other in others:
                other.close()
        await heals(scene, crowd, senders)
