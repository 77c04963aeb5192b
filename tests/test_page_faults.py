"""What a person reads while something is broken, and that the pages come back by themselves (`make faults`)."""

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import AWAY, LIVE, NewPage, open_live
from tests.disk import disk
from tests.proxy import Proxy
from tests.servers import Server, prepare, running

pytestmark = [pytest.mark.faults, pytest.mark.server, pytest.mark.browser]
PATHS = ("/one/", "/two/", "/chat/faults/")
LONG_SECONDS, SHORT_SECONDS = 20, 8
HEAL_MS = 10_000
NOTICED_MS = 18_000  # a room is silent for up to 15 s before its page doubts
SENT = ".message[data-state=sent]"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("site")
    prepare(folder)
    server = Server("uvicorn", folder, HOST_FEED="0")
    with running(server):
        yield server.wait_until_ready()


@pytest.fixture
def front(server: Server) -> Iterator[Proxy]:
    front = Proxy(server.port)
    with running(front):
        yield front


def say(page: Page, text: str) -> None:
    page.locator("#chat-message-input").fill(text)
    page.keyboard.press("Enter")


def is_told(pages: list[Page], ms: float) -> None:
    """Each says that it is away, and dims what it shows without taking it away."""
    ends_at = time.monotonic() + ms / 1000
    for page in pages:
        expect(page.locator(AWAY)).to_be_visible(timeout=max(1, 1000 * (ends_at - time.monotonic())))
        expect(page.locator(AWAY)).to_contain_text("Reconnecting")
        expect(page.locator("[data-stale]").first).to_be_visible()


def heals(pages: list[Page]) -> None:
    """Without a click."""
    ends_at = time.monotonic() + HEAL_MS / 1000
    for page in pages:
        page.wait_for_selector(LIVE, timeout=max(1, 1000 * (ends_at - time.monotonic())))
        expect(page.locator("[data-stale]")).to_have_count(0)


@pytest.mark.parametrize("name", ["stopped", "stalled", "refused"])
def test_a_page_says_that_it_is_away_keeps_what_is_typed_and_comes_back(
    server: Server, front: Proxy, new_page: NewPage, name: str
) -> None:
    faults: dict[str, tuple[Callable[[], None], Callable[[], None], float]] = {
        "stopped": (server.pause, server.resume, LONG_SECONDS),
        "stalled": (front.stall, front.resume, LONG_SECONDS),
        "refused": (front.refuse, front.accept, SHORT_SECONDS),
    }
    begin, end, seconds = faults[name]
    pages = [open_live(new_page(is_refused=True), front.url + path) for path in PATHS]
    room = pages[-1]
    word = pages[0].locator("#one")
    say(room, f"before it is {name}")
    expect(room.locator(SENT, has_text=f"before it is {name}")).to_be_visible()
    ends_at = time.monotonic() + seconds
    begin()
    try:
        shown = word.inner_text()
        say(room, f"while it is {name}")
        waiting = room.locator(".message", has_text=f"while it is {name}")
        expect(waiting).not_to_have_attribute("data-state", "sent")
        is_told(pages, NOTICED_MS if seconds == LONG_SECONDS else 1000 * seconds)
        expect(waiting).to_have_attribute("data-state", "queued")
        expect(waiting).to_contain_text("Will be sent")
        expect(word).to_have_text(shown)
        time.sleep(max(0.0, ends_at - time.monotonic()))
    finally:
        end()
    heals(pages)
    expect(waiting).to_have_attribute("data-state", "sent")
    expect(waiting).to_have_count(1)
    expect(word).not_to_have_text(shown)


@pytest.mark.parametrize("direction", ["there", "back"])
def test_a_connection_cut_in_mid_frame_is_no_loss(front: Proxy, new_page: NewPage, direction: str) -> None:
    page = open_live(new_page(is_refused=True), f"{front.url}/chat/cut-{direction}/")
    say(page, "one")
    expect(page.locator(SENT)).to_have_count(1)
    front.cut_in_mid_frame("there" if direction == "there" else "back", 40)
    say(page, "two, in which the connection ends")
    expect(page.locator(AWAY)).to_be_visible(timeout=NOTICED_MS)
    heals([page])
    expect(page.locator(SENT)).to_have_count(2, timeout=HEAL_MS)
    assert front.cuts == 1


def test_a_full_disk_is_said_and_what_was_typed_is_sent_when_there_is_space(new_page: NewPage) -> None:
    with disk(48) as small:
        prepare(small.folder)
        server = Server("uvicorn", small.folder, HOST_FEED="0")
        with running(server):
            server.wait_until_ready()
            page = open_live(new_page(is_refused=True), f"{server.url}/chat/full/")
            say(page, "while there is space")
            expect(page.locator(SENT)).to_have_count(1)
            small.fill()
            for number in range(12):  # there is room in files that are there already
                say(page, f"{number} {'long ' * 700}")
            expect(page.locator(AWAY)).to_contain_text("cannot keep messages", timeout=HEAL_MS)
            expect(page.locator(".message[data-state=queued]").first).to_contain_text("Will be sent")
            small.free()
            expect(page.locator(SENT)).to_have_count(13, timeout=2 * HEAL_MS)
            heals([page])
