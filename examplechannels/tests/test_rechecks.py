"""The loop that looks whether those who came in may stay."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from django.db import OperationalError

from examplechannels import rechecks as module
from examplechannels.broadcast import Broadcast, encode
from examplechannels.close_codes import LOG_IN
from examplechannels.outlet import frame
from examplechannels.rechecks import Rechecks
from examplechannels.sessions import Account, session_digest

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


async def test_nobody_is_added_before_the_process_hears_of_changes(
    looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined, join = asyncio.Event(), InMemoryChannelLayer.group_add

    async def join_late(layer: InMemoryChannelLayer, group: str, channel: str) -> None:
        await joined.wait()
        await join(layer, group, channel)

    monkeypatch.setattr(InMemoryChannelLayer, "group_add", join_late)
    adding = [asyncio.create_task(looks.add(Guest())) for _ in range(2)]
    done, _waiting = await asyncio.wait(adding, timeout=0.05)
    assert not done
    joined.set()
    await asyncio.wait_for(asyncio.gather(*adding), 2)


@pytest.mark.parametrize("trouble", [OperationalError("away"), ZeroDivisionError("a mistake of ours")])
async def test_what_fails_is_tried_again(trouble: Exception, looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)
    looks.trouble = trouble
    guest = Guest()
    await looks.add(guest)
    looks.look_at(guest)
    assert await asyncio.wait_for(guest.code, 2) == BARRED
