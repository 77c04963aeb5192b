import asyncio

import pytest

from examplechannels import background as module
from examplechannels.background import Background


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
