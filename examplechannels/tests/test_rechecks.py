"""The loop that looks whether those who came in may stay."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.db import OperationalError

from examplechannels import rechecks as module
from examplechannels.broadcast import Broadcast, encode
from examplechannels.outlet import frame
from examplechannels.rechecks import Rechecks
from examplechannels.sessions import LOG_IN, Account, session_digest

pytestmark = pytest.mark.django_db(transaction=True)
BARRED = 4403


class Guest:
    def __init__(self) -> None:
        self.badge = Account(1, "key", "")
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def expel(self, code: int) -> None:
        self.code.set_result(code)


class Looks(Rechecks):
    """Meets `trouble` once, then finds that nobody may stay."""

    trouble: Exception | None = None

    def looked_up(self, badges: list[Any]) -> list[tuple[int, Any]]:
        trouble, self.trouble = self.trouble, None
        if trouble:
            raise trouble
        return [(BARRED, badge) for badge in badges]


@pytest.fixture
async def looks(nothing_left: None) -> AsyncIterator[Looks]:
    looks = Looks(Broadcast())
    yield looks
    for socket in tuple(looks._sockets):
        looks.discard(socket)


async def test_who_logs_out_is_sent_out_also_while_the_database_is_away(looks: Looks) -> None:
    looks.trouble = OperationalError("no route to host")
    guest = Guest()
    await looks.add(guest)
    looks.catch_up()
    while looks.trouble:
        await asyncio.sleep(0.01)
    looks.deliver(frame(encode({"logged_out": session_digest("key")})))
    assert await asyncio.wait_for(guest.code, 0.5) == LOG_IN


@pytest.mark.parametrize("trouble", [OperationalError("away"), ZeroDivisionError("a mistake of ours")])
async def test_what_fails_is_tried_again(trouble: Exception, looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)
    looks.trouble = trouble
    guest = Guest()
    await looks.add(guest)
    looks.look_at(guest)
    assert await asyncio.wait_for(guest.code, 2) == BARRED
