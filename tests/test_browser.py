"""The pages in a real Chromium, on both servers."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error, Request, expect

from tests.browser import AWAY, LIVE, NewPage, open_live, until
from tests.servers import Server, running

pytestmark = [pytest.mark.browser, pytest.mark.server]
PAGES = ["/", "/one/", "/two/", "/chat/", "/chat/room1/", "/learn/one/", "/accounts/login/"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_opens_without_errors_and_fits(
    server: Server, new_page: NewPage, path: str, width: int, scheme: str
) -> None:
    page = new_page(width=width, color_scheme=scheme)
    page.goto(server.url + path)
    expect(page.locator("h1")).to_be_visible()
    if not path.startswith(("/learn", "/accounts")):
        page.wait_for_selector(LIVE)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["/", "/one/", "/two/", "/chat/", "/chat/room1/"])
def test_without_javascript_the_first_content_is_there_and_the_page_says_what_is_missing(
    server: Server, new_page: NewPage, path: str
) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(server.url + path)
    # Playwright's locators pass over <noscript>.
    assert "JavaScript is off." in page.evaluate("document.body.innerText")
    if path == "/one/":
        assert page.locator("#one").inner_text().strip()


def test_nothing_polls(server: Server, new_page: NewPage) -> None:
    page = open_live(new_page(), server.url)
    later: list[Request] = []
    page.on("request", lambda request: later.append(request))
    word = page.locator(".fit-word").first
    before = word.inner_text()
    expect(word).not_to_have_text(before, timeout=5000)
    assert [request.url for request in later] == []


def test_every_tab_shows_the_same_word(server: Server, new_page: NewPage) -> None:
    first, second = (open_live(new_page(), f"{server.url}/one/") for _ in range(2))
    before = first.locator("#one").inner_text()
    expect(first.locator("#one")).not_to_have_text(before, timeout=5000)
    expect(second.locator("#one")).to_have_text(first.locator("#one").inner_text(), timeout=1500)
    expect(first.locator("[data-part=words] .word-row")).to_have_count(10)
    expect(first.get_by_text('"message"').first).to_be_visible()


POINTS = "Chart.getChart('iot-chart')?.data.datasets[0].data.length"


def test_the_chart_has_thirty_points_at_once_and_moves_within_its_window(server: Server, new_page: NewPage) -> None:
    page = open_live(new_page(), f"{server.url}/two/")
    assert 29 <= page.evaluate(POINTS) <= 31
    newest = "Chart.getChart('iot-chart').data.datasets[0].data.at(-1).x"
    before = page.evaluate(newest)
    until(page, f"{newest} > {before}", timeout=5000)
    assert 29 <= page.evaluate(POINTS) <= 31
    options = page.evaluate(
        "(({scales}) => [scales.y.min, scales.y.max, scales.x.type])(Chart.getChart('iot-chart').options)"
    )
    assert options == [0, 100, "time"]


def test_a_wider_window_is_fetched_and_kept_in_the_address(server: Server, new_page: NewPage) -> None:
    page = open_live(new_page(), f"{server.url}/two/")
    page.get_by_role("button", name="5 min", exact=True).click()
    until(page, f"{POINTS} >= 145", timeout=5000)
    assert "window=5m" in page.url
    again = open_live(new_page(), page.url)
    until(again, f"{POINTS} >= 145", timeout=5000)


def test_pause_holds_the_picture_and_resume_loses_nothing(server: Server, new_page: NewPage) -> None:
    page = open_live(new_page(), f"{server.url}/two/")
    page.get_by_role("button", name="Pause").click()
    newest = "Chart.getChart('iot-chart').data.datasets[0].data.at(-1).x"
    held = page.evaluate(newest)
    expect(page.get_by_text(re.compile(r"Paused \d\d:\d\d:\d\d · [1-9]\d* waiting"))).to_be_visible(timeout=6000)
    assert page.evaluate(newest) == held
    page.get_by_role("button", name="Resume").click()
    until(page, f"{newest} > {held}")
    gaps = "(d => d.slice(1).every((p, i) => p.x - d[i].x === 2000))(Chart.getChart('iot-chart').data.datasets[0].data)"
    assert page.evaluate(gaps)


def test_two_people_talk_in_a_room(server: Server, new_page: NewPage) -> None:
    mia, ben = (open_live(new_page(), f"{server.url}/chat/kitchen-{server.kind}/") for _ in range(2))
    for page in (mia, ben):
        expect(page.get_by_text("Nobody has written yet.")).to_be_visible()
        expect(page.get_by_text("2 here")).to_be_visible()
        expect(page.locator("#chat-message-input")).to_be_focused()
    mia.keyboard.type("<b>tea?</b> 茶")
    mia.keyboard.press("Enter")
    for page in (mia, ben):
        expect(page.locator("#chat-log")).to_contain_text("<b>tea?</b> 茶")
    expect(mia.locator("#chat-log")).to_contain_text("Me")
    expect(mia.locator(".message[data-state=sent]")).to_have_count(1)
    expect(ben.locator("#chat-log")).to_contain_text(re.compile(r"guest-\d{4}"))
    expect(ben.locator("#chat-log")).not_to_contain_text("Me")


def test_a_second_tab_of_the_same_guest_is_me_as_well(server: Server, new_page: NewPage) -> None:
    first = open_live(new_page(), f"{server.url}/chat/alone-{server.kind}/")
    second = open_live(new_page(like=first), f"{server.url}/chat/alone-{server.kind}/")
    first.locator("#chat-message-input").fill("talking to myself")
    first.keyboard.press("Enter")
    expect(second.locator("#chat-log")).to_contain_text("talking to myself")
    expect(second.locator("#chat-log")).to_contain_text("Me")


def test_the_list_of_rooms_takes_one_there(server: Server, new_page: NewPage) -> None:
    member = open_live(new_page(), f"{server.url}/chat/garden-{server.kind}/")
    member.locator("#chat-message-input").fill(f"roses by {server.kind}")
    member.keyboard.press("Enter")
    page = open_live(new_page(), f"{server.url}/chat/")
    expect(page.get_by_text(f"roses by {server.kind}")).to_be_visible()
    expect(page.locator("#room-name-input")).to_be_focused()
    page.keyboard.type("房间")
    page.keyboard.press("Enter")
    page.wait_for_selector("#chat-message-input")
    expect(page.locator("h1")).to_contain_text("房间")


def test_while_the_server_is_away_the_page_stays_and_comes_back_by_itself(new_page: NewPage, prepared: Path) -> None:
    server = Server("uvicorn", prepared)
    with running(server):
        server.wait_until_ready()
        pages = [open_live(new_page(), server.url + path) for path in ("/one/", "/two/", "/chat/room1/")]
        word = pages[0].locator("#one")
        server.stop()
        for page in pages:
            expect(page.locator(AWAY)).to_be_visible(timeout=5000)
            expect(page.locator("[data-stale]").first).to_be_visible()
            expect(page.get_by_role("button", name="Retry now")).to_be_visible(timeout=15000)
        shown = word.inner_text()
        assert shown
        again = Server("uvicorn", prepared, port=server.port)
        with running(again):
            again.wait_until_ready()
            for page in pages:
                with suppress(Error):  # the page was quicker
                    page.get_by_role("button", name="Retry now").click(timeout=1000)
                page.wait_for_selector(LIVE, timeout=15000)
            expect(word).not_to_have_text(shown, timeout=5000)
            gaps = (
                "(d => d.slice(1).every((p, i) => p.x - d[i].x === 2000))"
                "(Chart.getChart('iot-chart').data.datasets[0].data)"
            )
            until(pages[1], gaps, timeout=5000)


def test_a_message_typed_while_the_server_is_away_is_sent_once_it_is_back(new_page: NewPage, prepared: Path) -> None:
    server = Server("uvicorn", prepared)
    with running(server):
        server.wait_until_ready()
        page = open_live(new_page(), f"{server.url}/chat/offline/")
        server.stop()
        expect(page.locator(AWAY)).to_be_visible(timeout=5000)
        page.locator("#chat-message-input").fill("hello?")
        page.keyboard.press("Enter")
        expect(page.locator(".message[data-state=queued]")).to_contain_text("Will be sent")
        again = Server("uvicorn", prepared, port=server.port)
        with running(again):
            again.wait_until_ready()
            page.wait_for_selector(LIVE, timeout=35000)
            expect(page.locator(".message[data-state=sent]")).to_have_count(1, timeout=5000)


def test_the_policy_allows_no_inline_code(server: Server, new_page: NewPage) -> None:
    page = new_page()
    answer = page.goto(f"{server.url}/two/")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in f"{policy};"
    assert "unsafe" not in policy
