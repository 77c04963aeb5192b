import asyncio
from collections.abc import Callable

import pytest

from examplechannels.ticker import TICK_SECONDS, Ticker, slot_at, slot_start_ms


class FakeTime:
    """A clock that stands still until time passes; `jump` sets it like an administrator would."""

    def __init__(self, now: float) -> None:
        self.monotonic, self.offset = 0.0, now
        self.passed = asyncio.Condition()

    def clock(self) -> float:
        return self.monotonic + self.offset

    async def sleep(self, seconds: float) -> None:
        wake_at = self.monotonic + seconds
        async with self.passed:
            await self.passed.wait_for(lambda: self.monotonic >= wake_at)

    async def passes(self, seconds: float) -> None:
        async with self.passed:
            self.monotonic += seconds
            self.passed.notify_all()

    def jump(self, seconds: float) -> None:
        self.offset += seconds


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not condition():
            await asyncio.sleep(0)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime(1000.5)


@pytest.fixture
def slots() -> list[int]:
    return []


@pytest.fixture
def ticker(time: FakeTime, slots: list[int]) -> Ticker:
    async def on_slot(slot: int) -> None:
        slots.append(slot)

    return Ticker(on_slot, clock=time.clock, sleep=time.sleep)


def test_a_slot_is_two_seconds_long_and_begins_at_its_start() -> None:
    assert slot_at(1001.99) == 500 == slot_at(1000)
    assert slot_start_ms(500) == 1_000_000


async def test_the_first_watcher_gets_the_present_slot_and_then_each_slot_once(
    ticker: Ticker, time: FakeTime, slots: list[int]
) -> None:
    assert await ticker.watch() == 500
    for count in (1, 2, 3):
        await time.passes(TICK_SECONDS)
        await until(lambda count=count: len(slots) == count)  # type: ignore[misc]
    assert slots == [501, 502, 503]
    await ticker.unwatch()


async def test_a_later_watcher_gets_the_slot_that_was_shown_last(ticker: Ticker, time: FakeTime) -> None:
    await ticker.watch()
    time.jump(1.5)  # the next slot has begun, but nobody has been told yet
    assert await ticker.watch() == 500
    await ticker.unwatch()
    await ticker.unwatch()


async def test_it_ends_with_its_last_watcher_and_begins_again(ticker: Ticker) -> None:
    await ticker.watch()
    await ticker.watch()
    await ticker.unwatch()
    assert ticker.running
    await ticker.unwatch()
    assert not ticker.running
    await ticker.watch()
    assert ticker.running
    await ticker.unwatch()


@pytest.mark.parametrize("jump", [3600, -3600])
async def test_after_a_jump_of_the_clock_it_goes_on_with_the_present_slot(
    ticker: Ticker, time: FakeTime, slots: list[int], jump: int
) -> None:
    await ticker.watch()
    await time.passes(TICK_SECONDS)
    await until(lambda: slots == [501])
    time.jump(jump)
    for _ in range(2):
        await time.passes(TICK_SECONDS)
        for _turn in range(20):
            await asyncio.sleep(0)
    assert slots[-1] == slot_at(time.clock())
    await ticker.unwatch()


async def test_an_error_in_one_slot_does_not_end_the_next(time: FakeTime, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[int] = []

    async def fails_once(slot: int) -> None:
        seen.append(slot)
        if len(seen) == 1:
            raise ValueError("once")

    ticker = Ticker(fails_once, clock=time.clock, sleep=time.sleep)
    await ticker.watch()
    await time.passes(TICK_SECONDS)
    await until(lambda: seen == [501])
    await time.passes(TICK_SECONDS)
    await until(lambda: seen == [501, 502])
    assert "slot 501" in caplog.text
    await ticker.unwatch()
