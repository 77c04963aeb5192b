import asyncio
import os
import signal

import pytest

from examplechannels.interrupts import stop_signals, wait_for_stop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_first_signal_asks_and_the_second_cancels(number: signal.Signals) -> None:
    asked = asyncio.Event()

    async def work() -> None:
        with stop_signals() as stopping:
            os.kill(os.getpid(), number)
            assert await wait_for_stop(stopping, 5)
            asked.set()
            os.kill(os.getpid(), number)
            await asyncio.sleep(5)

    task = asyncio.create_task(work())
    async with asyncio.timeout(4):
        await asyncio.wait([task])
    assert asked.is_set()
    assert task.cancelled()


async def test_a_sleep_ends_in_time_when_nobody_stops_it() -> None:
    assert not await wait_for_stop(asyncio.Event(), 0.01)
    assert not await wait_for_stop(asyncio.Event(), -1)
