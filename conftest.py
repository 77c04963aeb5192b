"""What every app's tests share."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pytest_django import Settings

from examplechannels.broadcast import broadcast
from two.recorder import recorder

MAX_ID_CHARACTERS = 60


def pytest_make_parametrize_id(val: object) -> str | None:
    """Cuts long values short: of a text of 800 kB the name of its test alone would fill a log."""
    if isinstance(val, str | bytes) and len(val) > MAX_ID_CHARACTERS:
        return f"{val[:MAX_ID_CHARACTERS]!a}..."
    return None


@pytest.fixture(params=["broadcast", "channels"])
def fanout(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Runs a test both ways."""
    settings.FANOUT = request.param
    return str(request.param)


@pytest.fixture
def login_required(settings: Settings) -> None:
    """The site is for accounts, as with LOGIN_REQUIRED=1."""
    settings.LOGIN_REQUIRED = True
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "examplechannels.visitors.LookMiddleware"]


@pytest.fixture
async def nothing_left() -> AsyncIterator[None]:
    """Fails a test after which a task or a group is left over."""
    before = asyncio.all_tasks()
    yield
    await recorder.close()
    own = {asyncio.current_task()}
    for _ in range(500):
        left = asyncio.all_tasks() - before - own
        if not left and not broadcast.counts():
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"left over: {left}, {broadcast.counts()}")
