import asyncio
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connections

from examplechannels import background as module
from examplechannels import questions
from examplechannels.background import Background, each_day


async def test_jobs_run_from_start_to_stop_and_begin_again_when_they_fail(
    monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0)
    background, begun, waiting = Background(), [], asyncio.Event()

    @background.register
    async def job() -> None:
        begun.append(1)
        if len(begun) < 3:
            raise RuntimeError("broken")
        waiting.set()
        await asyncio.Event().wait()

    background.start()
    await asyncio.wait_for(waiting.wait(), 5)
    await background.stop()
    await background.stop()
    assert len(begun) == 3


@pytest.mark.django_db(transaction=True)
async def test_daily_work_that_lost_its_connection_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "_threads", questions._urgent)  # which is one, so each step has the same connection

    def steps() -> Iterator[int]:
        connections["default"].ensure_connection()
        yield 1
        monkeypatch.setattr(connections["default"], "is_usable", lambda: False)
        raise OperationalError("the connection is closed")

    with pytest.raises(OperationalError):
        async with asyncio.timeout(5):
            await each_day(steps, 0)
