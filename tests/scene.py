"""A whole site, with people and devices, of which tests break one thing after the other."""

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import psutil

from tests.chat_page import eventually
from tests.chat_workers import ChatWorkers
from tests.crowd import Crowd, crowd_at
from tests.postgres import Postgres
from tests.proxy import Proxy
from tests.senders import Senders
from tests.servers import HEAL_SECONDS, Server, Valkey, new_folder

PEOPLE = 4
ENOUGH = 300  # readings


class Scene:
    """Two workers with PostgreSQL and Valkey behind proxies."""

    def __init__(self) -> None:
        folder = new_folder()
        with ExitStack() as stack:
            self.postgres = Postgres(folder)
            stack.callback(lambda: self.postgres.stop())  # tests put another in its place
            self.valkey = Valkey(folder)
            stack.callback(self.valkey.stop)
            self.to_postgres, self.to_valkey = Proxy(self.postgres.port), Proxy(self.valkey.port)
            stack.callback(self.to_postgres.stop)
            stack.callback(self.to_valkey.stop)
            self.site = ChatWorkers(
                2,
                self.postgres,
                DATABASE_URL=self.postgres.url.replace(str(self.postgres.port), str(self.to_postgres.port)),
                REDIS_URL=self.valkey.url.replace(str(self.valkey.port), str(self.to_valkey.port)),
            )
            stack.callback(self.site.stop)
            self._started = stack.pop_all()

    @property
    def servers(self) -> list[Server]:
        return self.site.servers

    def stop(self) -> None:
        self._started.close()

    def threads(self) -> int:
        return psutil.Process(self.servers[0].pid).num_threads()

    async def until_ready(self, seconds: float) -> None:
        """Each worker. Raises `TimeoutError` with what the last one said."""
        ends_at = time.monotonic() + seconds
        for server in self.servers:
            while (answer := await asyncio.to_thread(server.get, "/readyz"))[0] != 200:
                if time.monotonic() > ends_at:
                    raise TimeoutError(f"{answer}\n{server.output[-2000:]}")
                await asyncio.sleep(0.1)


@asynccontextmanager
async def fault(begin: Callable[[], object], end: Callable[[], object]) -> AsyncIterator[None]:
    """Undone also where what is asserted meanwhile does not hold: other tests share the scene."""
    try:
        await asyncio.to_thread(begin)
        yield
    finally:
        await asyncio.to_thread(end)


async def answer_to(url: str, seconds: float = 30) -> tuple[int, Any, float]:
    """Status, headers and how long it took."""

    def get() -> tuple[int, Any]:
        request = urllib.request.Request(url, headers={"Accept": "text/html"})
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.status, answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers

    began = time.monotonic()
    status, headers = await asyncio.to_thread(get)
    return status, headers, time.monotonic() - began


async def heals(scene: Scene, crowd: Crowd, senders: Senders) -> None:
    """Within `HEAL_SECONDS` both workers are ready, take readings, and acknowledge what people say on either."""
    began = time.monotonic()
    await scene.until_ready(HEAL_SECONDS)
    before, echoes = senders.count(), [crowd.echoes(0), crowd.echoes(1)]
    left = HEAL_SECONDS - (time.monotonic() - began)
    await senders.until(before + ENOUGH, left)
    await eventually(
        lambda: all(crowd.echoes(worker) > echoes[worker] for worker in (0, 1)),
        HEAL_SECONDS - (time.monotonic() - began),
        lambda: f"{echoes} echoes and none more; live: {[page.is_live for page in crowd.pages]}",
    )


@asynccontextmanager
async def busy(scene: Scene) -> AsyncIterator[tuple[Crowd, Senders]]:
    """People and devices on both workers; when it is over, whatever was acknowledged is there, once."""
    async with crowd_at(scene.site, PEOPLE) as crowd:
        async with Senders(scene.site.url(0), scene.site.token, each=1, pause_seconds=0.02) as senders:
            crowd.talk()
            await senders.until(ENOUGH)
            for worker in (0, 1):
                await crowd.until_echoes(worker, 5)
            yield crowd, senders
        await assert_nothing_lost_or_doubled(scene, crowd, senders)


async def assert_nothing_lost_or_doubled(scene: Scene, crowd: Crowd, senders: Senders) -> None:
    senders.assert_all_there_once(scene.site.ledger)
    await crowd.fall_silent()
    await crowd.until_confirmed()
    for page in crowd.pages[:2]:  # whoever lost something in silence learns it from the next number
        await page.say(crowd.new_line())
    await crowd.until_confirmed()
    await crowd.assert_nothing_lost_or_doubled()
    for server in scene.servers:
        assert "Traceback" not in server.output, server.output[-3000:]
