"""Whatever people, networks and workers do: what was acknowledged is in the room, once, and on every page.

CHAT_EXAMPLES and CHAT_STEPS make it longer, CHAT_SEED another one; `make faults` runs a longer, random one.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from itertools import permutations
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.chat_page import LOG_IN, NOT_A_MEMBER, Browser, ChatPage, eventually
from tests.chat_workers import EVE, STAFF, ChatWorkers, on_postgres, on_sqlite
from tests.postgres import needs_postgres

pytestmark = pytest.mark.server
EXAMPLES = int(os.environ.get("CHAT_EXAMPLES", 8))
STEPS = int(os.environ.get("CHAT_STEPS", 15))
SEED = os.environ.get("CHAT_SEED")
RULE_SECONDS = 30
SETTLE_SECONDS = 10
MAX_WAITING = 6

T = TypeVar("T")
people = st.sampled_from([0, 1])
picks = st.integers(0, 99)


@pytest.fixture(scope="module")
def sqlite_site() -> Iterator[ChatWorkers]:
    with on_sqlite() as site:
        yield site


@pytest.fixture(scope="module")
def postgres_site() -> Iterator[ChatWorkers]:
    with on_postgres() as site:
        yield site


class Chatting(RuleBasedStateMachine):
    """Two people in a room, each on a worker of their own where there are two, and somebody of the staff."""

    def __init__(self, site: ChatWorkers) -> None:
        super().__init__()
        self.site = site
        self.runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.room = f"room-{uuid4().hex}"
        self.names = next(site.pairs)
        self.pages: list[ChatPage] = []
        self.staff = self.page(STAFF, 0)
        self.outside = [True, True]  # of the two, by index
        self.deleted: set[int] = set()
        self.lines = 0
        self.read_only = False
        self.was_killed = False

    def page(self, account: str, worker: int) -> ChatPage:
        return ChatPage(self.site.url(worker), self.room, self.site.browser(account))

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(asyncio.wait_for(act, RULE_SECONDS))

    def new_lines(self, count: int) -> list[str]:
        self.lines += count
        return [f"line {self.lines - number}" for number in range(count)]

    async def ask_as_staff(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        url = f"{self.site.url(self.lines)}/chat/{quote(self.room)}/{path}"
        return await self.staff.browser.request(method, url, body)

    @property
    def members(self) -> list[ChatPage]:
        """The pages that have to be complete."""
        return [self.staff, *(page for page, out in zip(self.pages, self.outside, strict=True) if not out)]

    @initialize(members_only=st.booleans(), other=st.sampled_from(["account", "guest", "script"]))
    def people_come(self, members_only: bool, other: str) -> None:
        self.members_only = members_only
        self.run(self._people_come(other))

    async def _people_come(self, other: str) -> None:
        mia, ben = (self.page(name, worker) for worker, name in enumerate(self.names))
        if other == "guest" and not self.members_only:
            ben.browser = await Browser.of_a_guest(ben.url)
        if other == "script" and not self.members_only:
            ben.browser, ben.name = Browser(), "visitor"
        self.pages = [mia, ben]
        await self.staff.open()
        if self.members_only:
            await self.staff.say(*self.new_lines(1))
            await eventually(lambda: not self.staff.outbox, SETTLE_SECONDS, lambda: "the room is stored")
            status, _ = await self.ask_as_staff("POST", "settings/", {"members_only": True})
            assert status == 200
            for name in self.names:
                await self._add(name)
        self.outside = [False, False]
        for page in self.pages:
            await page.open()

    async def _add(self, name: str) -> None:
        status, answer = await self.ask_as_staff("POST", "members/", {"username": name})
        assert status == 201, answer

    # What people do

    @rule(who=people, count=st.integers(1, 4), wait=st.booleans())
    def say(self, who: int, count: int, wait: bool) -> None:
        self.run(self._say(self.pages[who], count, wait))

    async def _say(self, page: ChatPage, count: int, wait: bool) -> None:
        await self._speak(page, count)
        if wait:
            await eventually(lambda: not (page.is_live and page.waiting), SETTLE_SECONDS, lambda: "no echo")

    @rule(count=st.integers(1, 4))
    def say_at_once(self, count: int) -> None:
        """What both say is on its way while the next thing happens."""
        self.run(self._say_at_once(count))

    async def _say_at_once(self, count: int) -> None:
        await asyncio.gather(*(self._speak(page, count) for page in self.pages))

    async def _speak(self, page: ChatPage, count: int) -> None:
        """Unless so much waits that the limit of 10 a second would hold it back for long."""
        if len(page.waiting) <= MAX_WAITING:
            await page.say(*self.new_lines(count))

    @rule(who=people, pick=picks)
    def send_again(self, who: int, pick: int) -> None:
        """Though it may have been confirmed, or deleted."""
        page = self.pages[who]
        if page.said:
            self.run(page.send(list(page.said)[pick % len(page.said)]))

    @rule(who=people, pick=picks)
    def use_the_others_client_id(self, who: int, pick: int) -> None:
        thief, other = self.pages[who], self.pages[1 - who]
        if other.acknowledged and thief.is_live:
            self.run(self._steal(thief, list(other.acknowledged)[pick % len(other.acknowledged)]))

    async def _steal(self, thief: ChatPage, client_id: str) -> None:
        thief.errors.clear()
        await thief.send(client_id, "taken")
        await eventually(lambda: bool(thief.errors) or not thief.is_live, SETTLE_SECONDS, lambda: "nothing is said")
        assert {code for at, code in thief.errors if at == client_id} <= {"client-id-taken", "too-fast"}

    @rule(who=people, count=st.integers(0, 3), back=st.booleans())
    def lose_the_network(self, who: int, count: int, back: bool) -> None:
        """While something is on its way."""
        self.run(self._lose_the_network(self.pages[who], count, back))

    async def _lose_the_network(self, page: ChatPage, count: int, back: bool) -> None:
        await self._speak(page, count)
        page.go_offline()
        if back:
            page.go_online()

    @rule(who=people)
    def find_the_network(self, who: int) -> None:
        self.run(self._find_the_network(self.pages[who]))

    async def _find_the_network(self, page: ChatPage) -> None:
        page.go_online()
        await eventually(lambda: page.is_live or page.closed is not None, SETTLE_SECONDS, lambda: "not connected")

    @rule(who=people)
    def reload(self, who: int) -> None:
        self.pages[who].room = self.room
        self.run(self.pages[who].reload())

    # What the staff do

    @rule(pick=picks)
    def delete_a_message(self, pick: int) -> None:
        if numbers := list(self.staff.messages):
            self.run(self._delete(numbers[pick % len(numbers)]))

    async def _delete(self, number: int) -> None:
        status, _ = await self.ask_as_staff("DELETE", f"messages/{number}/")
        assert status == (404 if number in self.deleted else 204)
        self.deleted.add(number)

    @precondition(lambda self: self.members_only)
    @rule(who=people)
    def remove_or_add_a_member(self, who: int) -> None:
        self.run(self._add_again(who) if self.outside[who] else self._remove(who))

    async def _remove(self, who: int) -> None:
        page = self.pages[who]
        _, answer = await self.ask_as_staff("GET", "members/")
        (number,) = (member["id"] for member in answer["members"] if member["username"] == self.names[who])
        was_live = page.is_live
        status, _ = await self.ask_as_staff("DELETE", f"members/{number}/")
        assert status == 204
        self.outside[who] = True
        if was_live:
            await eventually(lambda: page.closed == NOT_A_MEMBER, SETTLE_SECONDS, lambda: "still there")
        await self._is_refused(page.browser, 403, NOT_A_MEMBER)

    async def _add_again(self, who: int) -> None:
        await self._add(self.names[who])
        self.outside[who] = False
        self.pages[who].room = self.room
        await self.pages[who].reload()

    async def _is_refused(self, browser: Browser, status: int, code: int) -> None:
        """Gets nothing of the room, neither by history nor by a socket."""
        page = ChatPage(self.site.url(self.lines), self.room, browser)
        await page.open()
        await eventually(
            lambda: page.closed is not None,
            SETTLE_SECONDS,
            lambda: f"an outsider: live {page.is_live}, {page.failures}",
        )
        await page.close()
        assert (page.closed, page.messages, page.number) == (code, {}, None)
        answered, body = await browser.request("GET", f"{page.url}/chat/{quote(self.room)}/messages/")
        assert (answered, "messages" in body) == (status, False)

    @rule()
    def open_or_close_for_writing(self) -> None:
        if not self.is_stored:
            return
        self.read_only = not self.read_only
        status, _ = self.run(self.ask_as_staff("POST", "settings/", {"read_only": self.read_only}))
        assert status == 200

    @property
    def is_stored(self) -> bool:
        """And every page knows the room's number, so that it finds the room under another name.

        That is a matter of time, so no precondition can ask for it.
        """
        return all(page.number for page in self.members)

    @rule()
    def rename(self) -> None:
        if not self.is_stored:
            return
        name = f"room-{uuid4().hex}"
        status, _ = self.run(self.ask_as_staff("POST", "settings/", {"name": name}))
        assert status == 200
        self.room = name

    # What happens to servers

    @rule(worker=people, how=st.sampled_from(["connections", "connections", "connections", "process"]))
    def break_a_worker(self, worker: int, how: str) -> None:
        """Rarely `kill -9`, which takes a second to mend; else its sockets alone."""
        self.run(self._break(worker % len(self.site.servers), how))

    async def _break(self, worker: int, how: str) -> None:
        await self._say_at_once(3)
        if how == "process":
            self.was_killed = True
            await asyncio.to_thread(self.site.kill, worker)
            self.site.start_again(worker)
            await asyncio.to_thread(self.site.servers[worker].wait_until_ready)
            return
        for page in self.pages:
            if page.url == self.site.url(worker) and page.is_live:
                page.go_offline()
                page.go_online()

    # In the end

    def teardown(self) -> None:
        try:
            if self.pages:
                self.run(self._conclude())
        finally:
            self.run(self._close())
            self.runner.close()

    async def _conclude(self) -> None:
        if self.read_only:
            await self.ask_as_staff("POST", "settings/", {"read_only": False})
        for page in self.members:
            page.go_online()
        await self._all_confirmed()
        for page in self.members:
            assert set(page.failed.values()) <= {"read-only"}
            await page.retry()
        await self._all_confirmed()
        await self.staff.say(*self.new_lines(1))  # perhaps nobody said anything
        await self._all_confirmed()
        await self._resends_change_nothing()
        if self.was_killed:  # between a commit and telling of it: the next number tells that one is missing
            for page in self.members:
                await page.say(*self.new_lines(1))
                await self._all_confirmed()
        await eventually(lambda: self.staff.number is not None, SETTLE_SECONDS, lambda: "no number of the room")
        assert self.staff.number
        stored = self.site.room(self.staff.number)
        stored.assert_sound([text for page in (self.staff, *self.pages) for text in page.said.values()])
        for page in (self.staff, *self.pages):
            stored.assert_holds(page)
        for page in self.members:
            await page.settle(stored.last_id, SETTLE_SECONDS)
            await page.scroll_to_the_top()
            stored.assert_shown_by(page)
        if self.members_only:
            await self._outsiders_get_nothing()

    async def _outsiders_get_nothing(self) -> None:
        await self._is_refused(self.site.browser(EVE), 403, NOT_A_MEMBER)
        await self._is_refused(Browser(), 401, LOG_IN)
        for who in (0, 1):
            if not self.outside[who]:
                await self._remove(who)
        seen = [list(page.messages) for page in self.pages]
        await self.staff.say(*self.new_lines(1))
        await self._all_confirmed()
        assert [list(page.messages) for page in self.pages] == seen

    async def _resends_change_nothing(self) -> None:
        """Also not of what is deleted, nor by somebody else."""
        for page in self.members:
            for client_id in list(page.acknowledged)[:2]:
                number = page.acknowledged[client_id]
                if number in self.staff.messages and number % 2:
                    await self._delete(number)
                echoes = page.echoes[client_id]
                await self._send_until(page, client_id, None, lambda p, c, n=echoes: p.echoes[c] > n)  # type: ignore[misc]
        for thief, other in permutations(self.members, 2):
            for client_id in list(other.acknowledged)[:2]:
                await self._send_until(thief, client_id, "taken", lambda p, c: (c, "client-id-taken") in p.errors)

    async def _send_until(
        self, page: ChatPage, client_id: str, text: str | None, answered: Callable[[ChatPage, str], bool]
    ) -> None:
        """Again where it was too fast."""
        for _ in range(SETTLE_SECONDS):
            page.errors.clear()
            await page.send(client_id, text)
            await eventually(
                lambda: answered(page, client_id) or bool(page.errors), SETTLE_SECONDS, lambda: "no answer to a resend"
            )
            if answered(page, client_id):
                return
            await asyncio.sleep(1)
        raise AssertionError(page.errors)

    async def _all_confirmed(self) -> None:
        def confirmed() -> bool:
            return all(page.is_live and not page.waiting for page in self.members)

        def what() -> str:
            return str([(page.is_live, page.closed, page.waiting) for page in self.members])

        await eventually(confirmed, SETTLE_SECONDS, what)

    async def _close(self) -> None:
        for page in (self.staff, *self.pages):
            await page.close()


def run_machine(site: ChatWorkers, options: settings, number: str | None) -> None:
    def machine() -> Chatting:
        return Chatting(site)

    if number is not None:
        seed(int(number))(machine)
    run_state_machine_as_test(machine, settings=options)  # type: ignore[arg-type]


def how_long(examples: int, steps: int, derandomize: bool) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=derandomize,
        database=None,
        # Processes and networks do not do the same thing twice, so a failure is told as it was.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


SITES = [pytest.param("sqlite_site"), pytest.param("postgres_site", marks=needs_postgres)]


@pytest.mark.parametrize("name", SITES)
def test_every_page_shows_what_the_room_holds(request: pytest.FixtureRequest, name: str) -> None:
    run_machine(request.getfixturevalue(name), how_long(EXAMPLES, STEPS, SEED is None), SEED)


@pytest.mark.faults
@pytest.mark.parametrize("name", SITES)
def test_so_it_does_after_longer_chats(request: pytest.FixtureRequest, name: str) -> None:
    run_machine(request.getfixturevalue(name), how_long(2 * EXAMPLES, 3 * STEPS, False), SEED)
