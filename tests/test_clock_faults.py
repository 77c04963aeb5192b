"""The clock of a running worker jumps, by an hour and back (`make faults`)."""

import asyncio
import json
import os
import time
import urllib.error
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets

from tests import faketime
from tests.chat_page import Browser, ChatPage, eventually
from tests.chat_workers import EVE, STAFF, ChatWorkers
from tests.crowd import Crowd, crowd_at
from tests.faketime import Clock
from tests.senders import Senders, post
from tests.servers import manage, new_folder, running, wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.server,
    pytest.mark.skipif(faketime.find() is None and not os.environ.get("CI"), reason="libfaketime is not installed"),
]
HOUR = 3600
JUMPS = (HOUR, 0, -HOUR, 0)
AFTER_SECONDS = 10
TICK_SECONDS = 2
PEOPLE = 3
ENOUGH = 200
RULE = """
from two.models import Device, Metric, Rule
metric = Metric.objects.create(device=Device.objects.create(slug="boiler", name="Boiler"), name="t")
Rule.objects.create(metric=metric, kind="above", threshold=70)
"""
ALARMS = "SELECT COUNT(*), COUNT(cleared_ns), MIN(told) FROM two_alarm"
STAMPED = "SELECT at_ns, value FROM two_reading WHERE metric_id = (SELECT id FROM two_metric WHERE name = 'stamped')"
SENT = "SELECT number, sent_on FROM threechat_message ORDER BY number"


class Ticks:
    """What comes by a page's socket."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.slots: list[int] = []
        self.frames: list[Any] = []

    @asynccontextmanager
    async def watched(self) -> AsyncIterator["Ticks"]:
        async with websockets.connect(self._url) as socket:
            task = asyncio.create_task(self._read(socket))
            try:
                yield self
                assert not task.done(), "the socket was closed"
            finally:
                task.cancel()

    async def _read(self, socket: Any) -> None:
        async for text in socket:
            frame = json.loads(text)
            self.frames.append(frame)
            first = frame[0] if isinstance(frame, list) else frame
            if first.get("device") in {"random", None} and "at" in first:
                self.slots.append(first["at"] // (1000 * TICK_SECONDS))


@pytest.fixture
def clock() -> Clock:
    return Clock(new_folder())


@pytest.fixture
def site(clock: Clock) -> Iterator[ChatWorkers]:
    site = ChatWorkers(1, **clock.env)  # type: ignore[arg-type]
    with running(site):
        yield site


def send(site: ChatWorkers, metric: str, value: float) -> bool:
    body = json.dumps({"device": "boiler", "values": {metric: value}}).encode()
    return post(site.url(0), "/two/readings/", body, site.token)


def status_of_now(site: ChatWorkers) -> int:
    body = json.dumps({"device": "boiler", "ts": int(time.time() * 1000), "values": {"u": 1}}).encode()
    try:
        return 204 if post(site.url(0), "/two/readings/", body, site.token) else 503
    except urllib.error.HTTPError as error:
        return error.code


async def test_all_goes_on_when_the_clock_jumps(site: ChatWorkers, clock: Clock) -> None:
    server = site.servers[0]
    made = manage("shell", "-v0", "-c", RULE, DATA_DIR=str(server.log.parent))
    assert made.returncode == 0, made.stderr
    word, integer = Ticks(f"{server.ws}/ws/one/"), Ticks(f"{server.ws}/ws/two/")
    truth: list[tuple[float, float, float]] = []  # value, and between which true times it was stamped
    async with crowd_at(site, PEOPLE) as crowd, word.watched(), integer.watched():
        async with Senders(site.url(0), site.token, 1, 0.05, behind_seconds=2 * HOUR) as senders:
            crowd.talk()
            await senders.until(ENOUGH)
            for number, offset in enumerate(JUMPS):
                clock.jump(offset)
                await lives_on(site, crowd, senders, (word, integer), offset, number)
                before = time.time() + offset
                assert await asyncio.to_thread(send, site, "stamped", number)
                truth.append((number, before, time.time() + offset))
                # A time that is true is refused while the server believes that it lies ahead.
                assert await asyncio.to_thread(status_of_now, site) == (400 if offset < 0 else 204)
        senders.assert_all_there_once(site.ledger)
        await crowd.fall_silent()
        await crowd.until_confirmed()
        await crowd.assert_nothing_lost_or_doubled()
    stamps = {value: at_ns / 1e9 for at_ns, value in site.ledger.rows(STAMPED)}
    for value, earliest, latest in truth:  # as the server's clock stood
        assert earliest - 0.1 <= stamps[value] <= latest + 0.1
    assert "Traceback" not in server.output, server.output[-3000:]


async def lives_on(
    site: ChatWorkers, crowd: Crowd, senders: Senders, ticks: tuple[Ticks, ...], offset: int, number: int
) -> None:
    """After a jump everything goes on within `AFTER_SECONDS`, at the time that the clock shows now."""

    def now_slot() -> int:
        return int((time.time() + offset) // TICK_SECONDS)

    def is_on_time() -> bool:
        return all(page.slots and abs(page.slots[-1] - now_slot()) <= 2 for page in ticks)

    await eventually(is_on_time, AFTER_SECONDS, lambda: f"{[page.slots[-3:] for page in ticks]}, now {now_slot()}")
    counts = [len(page.slots) for page in ticks]
    await crowd.until_echoes(0, 3)
    await senders.until(senders.count() + ENOUGH, AFTER_SECONDS)
    await eventually(lambda: all(page.count == PEOPLE for page in crowd.pages), AFTER_SECONDS, lambda: "presence")
    assert all(page.is_live for page in crowd.pages)
    await asyncio.to_thread(
        wait_until, lambda: site.servers[0].status("/readyz") == 200, AFTER_SECONDS, "not ready after the jump"
    )
    # Who was logged in before the first jump is so still; who comes now gets a session that lasts.
    invitation = f"{site.url(0)}/chat/{crowd.room}/invitation/"
    status, _ = await site.browser(STAFF).request("POST", invitation)
    assert status in {200, 201}, status
    status, _ = await site.browser(EVE).request("POST", invitation)
    assert status == 403, status
    newcomer = await Browser.of_a_guest(site.url(0))
    page = ChatPage(site.url(0), crowd.room, newcomer)
    await page.open()
    try:
        await eventually(lambda: page.is_live, AFTER_SECONDS, lambda: f"a newcomer is not let in: {page.failures}")
    finally:
        await page.close()
    # An alarm is raised, and ended by the next reading.
    for value in (99, 1):
        assert await asyncio.to_thread(send, site, "t", value)
    await eventually(
        lambda: site.ledger.rows(ALARMS)[0][:2] == (number + 1, number + 1),
        AFTER_SECONDS,
        lambda: f"alarms {site.ledger.rows(ALARMS)} after jump {number}",
    )
    await eventually(
        lambda: all(len(page.slots) >= count + 2 for page, count in zip(ticks, counts, strict=True)),
        AFTER_SECONDS,
        lambda: "the feeds stand still",
    )
