import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from examplechannels.ticker import slot_start_ms
from one.consumers import OneConsumer, send_word, ticker
from one.words import word_at
from tests.sockets import opened

pytestmark = [pytest.mark.usefixtures("fanout", "nothing_left"), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("path", ["/ws/any_url/", "/ws/one/"])
async def test_a_visitor_gets_the_present_word_at_once_and_then_each(path: str) -> None:
    visitor = await opened(path)
    frame = await visitor.receive_json_from(timeout=5)
    slot = frame["at"] // 2000
    assert frame == {"message": word_at(slot), "at": slot_start_ms(slot)}
    await send_word(slot + 7)
    frames = [await visitor.receive_json_from(timeout=5)]
    while frames[-1]["at"] < slot_start_ms(slot + 7):  # the real clock may tick in between
        frames.append(await visitor.receive_json_from(timeout=5))
    assert frames[-1]["message"] == word_at(slot + 7)
    await visitor.disconnect()


async def test_every_visitor_gets_the_same_word() -> None:
    visitors = [await opened("/ws/one/") for _ in range(5)]
    slot = (await visitors[0].receive_json_from(timeout=5))["at"] // 2000
    await send_word(slot + 9)
    for visitor in visitors:
        frame: dict[str, Any] = {}
        while frame.get("at") != slot_start_ms(slot + 9):
            frame = await visitor.receive_json_from(timeout=5)
        assert frame["message"] == word_at(slot + 9)
    for visitor in visitors:
        await visitor.disconnect()


@pytest.mark.parametrize("sent", ["nonsense", '{"message": 1}', b"\x00\xff"])
async def test_what_a_visitor_sends_is_ignored(sent: str | bytes) -> None:
    visitor = await opened("/ws/one/")
    if isinstance(sent, bytes):
        await visitor.send_to(bytes_data=sent)
    else:
        await visitor.send_to(text_data=sent)
    assert "message" in await visitor.receive_json_from(timeout=5)
    assert "message" in await visitor.receive_json_from(timeout=5)
    await visitor.disconnect()


async def test_the_ticker_runs_only_while_somebody_watches() -> None:
    assert not ticker.running
    visitor = await opened("/ws/one/")
    await visitor.receive_from(timeout=5)
    assert ticker.running
    await visitor.disconnect()
    assert not ticker.running


async def test_its_handlers_leave_the_shared_thread_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = set()

    def connect(self: OneConsumer) -> None:
        threads.add(threading.current_thread())
        self.accept()

    monkeypatch.setattr(OneConsumer, "connect", connect)
    visitor = await opened("/ws/one/")
    threads_of_others = await sync_to_async(threading.current_thread)()
    assert threads
    assert threads_of_others not in threads
    await visitor.disconnect()
