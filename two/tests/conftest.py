"""What the tests of readings share."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async

from examplechannels.questions import THREADS, ask, close_connections
from two.recorder import recorder
from two.tests.cast import Cast, make_cast
from two.tokens import tokens


@pytest.fixture
async def cast(transactional_db: None) -> AsyncIterator[Cast]:
    """Committed, for the recorder writes through a connection of its own."""
    yield await sync_to_async(make_cast)()
    await recorder.close()
    tokens.forget()
    close_connections()


@pytest.fixture
async def crowd() -> AsyncIterator[None]:
    """Visitors whose questions keep all the threads for visitors busy."""
    released = threading.Event()
    questions = [asyncio.ensure_future(ask(lambda: released.wait(10))) for _ in range(2 * THREADS)]
    yield
    released.set()
    assert all(await asyncio.gather(*questions))
