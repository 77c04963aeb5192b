from typing import Any

import pytest

from examplechannels.ticker import slot_start_ms
from tests.sockets import opened
from two.consumers import send_random, ticker
from two.feeds import random_at, random_reading

pytestmark = [pytest.mark.usefixtures("fanout", "nothing_left"), pytest.mark.django_db(transaction=True)]


async def next_at(visitor: Any, slot: int) -> Any:
    """The first frame of a slot or of a later one; the real clock may tick in between."""
    while True:
        frame = await visitor.receive_json_from(timeout=5)
        reading = frame[0] if isinstance(frame, list) else frame
        if reading["at"] >= slot_start_ms(slot):
            return frame


@pytest.mark.parametrize("path", ["/ws/two_url/", "/ws/two/"])
async def test_a_visitor_gets_the_present_integer_at_once_and_then_each(path: str) -> None:
    visitor = await opened(path)
    frame = await visitor.receive_json_from(timeout=5)
    slot = frame["at"] // 2000
    assert frame == random_reading(slot)
    assert isinstance(frame["data"], int)
    await send_random(slot + 5)
    assert (await next_at(visitor, slot + 5))["data"] == random_at(slot + 5)
    await visitor.disconnect()


@pytest.mark.parametrize("query", ["device=random", "device=*", "device=boiler&device=random"])
async def test_who_names_devices_gets_arrays(query: str) -> None:
    visitor = await opened(f"/ws/two/?{query}")
    [reading] = await visitor.receive_json_from(timeout=5)
    slot = reading["at"] // 2000
    await send_random(slot + 5)
    assert await next_at(visitor, slot + 5) == [random_reading(slot + 5)]
    await visitor.disconnect()


async def test_a_device_that_has_sent_nothing_costs_no_tick() -> None:
    visitor = await opened("/ws/two/?device=boiler")
    assert not ticker.running
    assert await visitor.receive_nothing()
    await visitor.disconnect()


async def test_the_ticker_runs_only_while_somebody_watches() -> None:
    visitor = await opened("/ws/two/")
    assert ticker.running
    await visitor.disconnect()
    assert not ticker.running


@pytest.mark.parametrize("sent", ["nonsense", "[", b"\x00\xff"])
async def test_what_a_visitor_sends_is_ignored(sent: str | bytes) -> None:
    visitor = await opened("/ws/two/")
    await visitor.send_to(**({"bytes_data": sent} if isinstance(sent, bytes) else {"text_data": sent}))
    assert "data" in await visitor.receive_json_from(timeout=5)
    assert "data" in await visitor.receive_json_from(timeout=5)
    await visitor.disconnect()
