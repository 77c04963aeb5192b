import asyncio
from typing import Any

import pytest

from examplechannels import address_limits
from examplechannels.address_limits import AT_ONCE, MAX_UNDER_WAY, limit_requests
from examplechannels.limits import Buckets


class Site:
    """An application whose answers begin when they are let go, and end when they are finished."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.go, self.finish, self.rest = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.statuses: list[int] = []
        self._limited = limit_requests(self._answer, lambda scope: scope["path"] == "/free")

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request" and message.get("more_body"):
            pass
        if message["type"] == "http.disconnect":
            return
        self.begun.append(scope["client"][0])
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200})
        await self.finish.wait()
        await send({"type": "http.response.body", "body": b""})

    async def _note(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.statuses.append(message["status"])

    def ask(self, address: str, path: str = "/", whole: bool = True) -> "asyncio.Task[None]":
        scope = {"type": "http", "path": path, "headers": [], "client": (address, 1)}
        return asyncio.ensure_future(self._limited(scope, self._body if whole else self._half_a_body, self._note))

    async def _body(self) -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _half_a_body(self) -> Any:
        await self.rest.wait()
        return await self._body()


async def turns() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def enough_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_limits, "requests", Buckets(10_000, 1))


async def test_an_address_is_answered_a_few_at_a_time_and_others_do_not_wait_for_it() -> None:
    site = Site()
    asked = [site.ask("192.0.2.1") for _ in range(40)] + [site.ask("192.0.2.2")]
    await turns()
    assert (site.begun.count("192.0.2.1"), site.begun.count("192.0.2.2")) == (AT_ONCE, 1)
    site.go.set()
    await turns()
    site.finish.set()
    await asyncio.gather(*asked)
    assert site.statuses == [200] * 41


async def test_an_answer_that_has_begun_keeps_nobody_in_line() -> None:
    site = Site()
    site.go.set()  # all begin, as long downloads do, and none ends
    asked = [site.ask("192.0.2.1") for _ in range(40)]
    await turns()
    assert len(site.begun) == 40
    site.finish.set()
    await asyncio.gather(*asked)


async def test_who_leaves_the_line_gives_up_the_place() -> None:
    site = Site()
    asked = [site.ask("192.0.2.1") for _ in range(MAX_UNDER_WAY)]
    await turns()
    refused = site.ask("192.0.2.1")
    await turns()
    assert site.statuses == [429]
    for task in (refused, *asked):
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    again = [site.ask("192.0.2.1") for _ in range(AT_ONCE)]
    await turns()
    assert len(site.begun) == 2 * AT_ONCE
    for task in again:
        task.cancel()


async def test_what_is_free_and_who_has_no_address_do_not_count() -> None:
    site = Site()
    asked = [site.ask("192.0.2.1", "/free") for _ in range(50)] + [site.ask("unix") for _ in range(50)]
    await turns()
    assert len(site.begun) == 100
    for task in asked:
        task.cancel()


async def test_a_body_that_does_not_come_keeps_nobody_in_line() -> None:
    site = Site()
    site.go.set()
    site.finish.set()
    slow = [site.ask("192.0.2.1", whole=False) for _ in range(2 * AT_ONCE)]
    await turns()
    await site.ask("192.0.2.1")
    assert site.statuses == [200]
    site.rest.set()
    await asyncio.gather(*slow)
    assert site.statuses == [200] * (2 * AT_ONCE + 1)


async def test_who_stands_in_line_for_too_long_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_limits, "IN_LINE_SECONDS", 0.05)
    site = Site()
    asked = [site.ask("192.0.2.1") for _ in range(AT_ONCE + 2)]
    await asyncio.wait(asked[AT_ONCE:], timeout=2)
    assert site.statuses == [503, 503]
    site.go.set()
    site.finish.set()
    await asyncio.gather(*asked)
    assert site.statuses == [503, 503] + [200] * AT_ONCE


async def test_an_answer_that_does_not_begin_is_a_503_and_keeps_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_limits, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(address_limits, "AT_ONCE", 1)
    site = Site()
    hanging, waiting = site.ask("192.0.2.1"), site.ask("192.0.2.1")
    while not site.statuses:
        await asyncio.sleep(0.01)
    assert (site.statuses, site.begun) == ([503], ["192.0.2.1"])
    monkeypatch.setattr(address_limits, "ANSWER_SECONDS", 5)
    site.go.set()
    site.finish.set()
    await asyncio.gather(hanging, waiting)
    assert site.statuses == [503, 200], "what comes too late is not sent"
