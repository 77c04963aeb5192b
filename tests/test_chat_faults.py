"""Workers and Valkey die while people talk: what was acknowledged is stored and shown, once (`make faults`)."""

import asyncio
import random
import signal
from collections.abc import Iterator

import pytest

from tests.chat_page import eventually
from tests.chat_workers import ChatWorkers, on_postgres, on_sqlite
from tests.crowd import crowd_at
from tests.postgres import needs_postgres
from tests.servers import HEAL_SECONDS, Valkey, new_folder, running

pytestmark = [pytest.mark.faults, pytest.mark.server]
PRESENCE_SECONDS = 30


# kill -9


@pytest.fixture
def sqlite_site() -> Iterator[ChatWorkers]:
    with on_sqlite() as site:
        yield site


@pytest.fixture
def postgres_site() -> Iterator[ChatWorkers]:
    with on_postgres() as site:
        yield site


@pytest.mark.parametrize(
    ("name", "kills"), [("sqlite_site", 20), pytest.param("postgres_site", 30, marks=needs_postgres)]
)
async def test_a_worker_killed_in_mid_send_loses_and_doubles_nothing(
    request: pytest.FixtureRequest, name: str, kills: int
) -> None:
    site: ChatWorkers = request.getfixturevalue(name)
    in_mid_send = 0
    async with crowd_at(site) as crowd:
        crowd.talk()
        for number in range(kills):
            worker = number % len(site.servers)
            await crowd.until_echoes(worker, 5)
            burst = asyncio.create_task(crowd.burst())
            await crowd.until_echoes(worker, random.randint(0, 5))
            in_mid_send += crowd.waiting(worker) > 0
            site.kill(worker)
            site.start_again(worker)
            await burst
            await asyncio.to_thread(site.servers[worker].wait_until_ready)
        await crowd.fall_silent()
        await crowd.until_confirmed()
        for page in crowd.pages:  # whoever lost something in silence learns it from the next number
            await page.say(crowd.new_line())
            await crowd.until_confirmed()
        await crowd.assert_nothing_lost_or_doubled()
    assert in_mid_send > kills / 2


# Valkey


class Outage:
    """What goes wrong with a Valkey; `end` puts it right."""

    def __init__(self, valkey: Valkey) -> None:
        self.valkey = valkey

    async def begin(self, kind: str) -> None:
        match kind:
            case "kill":
                await asyncio.to_thread(self.valkey.kill)
            case "stall":
                self.valkey.signal(signal.SIGSTOP)
            case "restart":
                self.valkey.stop()
                await self.end()

    async def end(self) -> None:
        if self.valkey.running:
            self.valkey.signal(signal.SIGCONT)
        else:
            self.valkey = await asyncio.to_thread(self.valkey.again)

    def stop(self) -> None:
        self.valkey.stop()


@pytest.fixture(scope="module")
def valkey_site() -> Iterator[tuple[ChatWorkers, Outage]]:
    """Two workers that hear each other through Valkey."""
    outage = Outage(Valkey(new_folder()))
    with running(outage):
        site = ChatWorkers(2, valkey=outage.valkey)
        with running(site):
            yield site, outage


@pytest.mark.parametrize(("kind", "seconds"), [("kill", 3), ("stall", 4), ("restart", 0)])
async def test_pages_miss_nothing_that_was_said_or_deleted_while_valkey_was_away(
    valkey_site: tuple[ChatWorkers, Outage], kind: str, seconds: float
) -> None:
    site, outage = valkey_site
    async with crowd_at(site) as crowd:
        crowd.talk()
        for worker in (0, 1):
            await crowd.until_echoes(worker, 20)
        await outage.begin(kind)
        await asyncio.sleep(seconds)
        await crowd.fall_silent()  # no later number tells that one is missing
        await crowd.until_confirmed()  # the echo does not take the way through Valkey
        await crowd.delete_one()
        await outage.end()
        await crowd.assert_nothing_lost_or_doubled()


async def test_30_seconds_after_a_kill_who_was_there_is_counted_no_more(
    valkey_site: tuple[ChatWorkers, Outage],
) -> None:
    site, _ = valkey_site
    async with crowd_at(site, people=4) as crowd:
        stays = crowd.pages[0]
        await eventually(lambda: stays.count == 4, HEAL_SECONDS, lambda: f"{stays.count} of 4 are here")
        site.kill(1)
        await eventually(lambda: stays.count == 2, PRESENCE_SECONDS, lambda: f"{stays.count} instead of 2 are here")
        site.start_again(1)
        await asyncio.to_thread(site.servers[1].wait_until_ready)
        await eventually(lambda: stays.count == 4, HEAL_SECONDS, lambda: f"{stays.count} of 4 are here again")
