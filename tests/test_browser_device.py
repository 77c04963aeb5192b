"""A device's page in a real Chromium: its chart and its room, beside each other or behind tabs."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.board import Board, now_ms
from tests.browser import LIVE, NewPage, open_live, until
from tests.chat_site import STAFF, ChatSite, chat_site
from tests.files import PASTE, attach, file, transfer
from tests.servers import new_token

pytestmark = [pytest.mark.browser, pytest.mark.server]
MINUTE_MS = 60_000
NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1440, "height": 900}
DEVICE = "/two/device/boiler/"
PICTURE = ".message[data-kind=image][data-state=sent]"
LINE_WIDTH = "document.querySelector('.moment-spark[data-drawn]')?.getBBox().width"
PICK = "detail => document.dispatchEvent(new CustomEvent('moment', { detail }))"
SHOW = "id => document.dispatchEvent(new CustomEvent('show-message', { detail: { id } }))"
FILL = """
from django.utils.timezone import now
from threechat.models import Message, Room
from threechat.rooms import room_named
room = Room.objects.create(name="device-kettle", key=room_named("device-kettle").key, last_id=200)
Message.objects.bulk_create(
    Message(room=room, number=number, text=f"message {number}", username="Ada", sender="ada", sent_on=now())
    for number in range(1, 201)
)
"""


@pytest.fixture(scope="module")
def site() -> Iterator[ChatSite]:
    with chat_site() as site:
        yield site


@pytest.fixture(scope="module", autouse=True)
def board(site: ChatSite) -> Board:
    token = new_token(site.folder)
    board = Board(site.folder, site.server, token)
    for device in ("boiler", "kettle", "cellar", "teapot"):
        board.send_past(device, range(now_ms() - 10 * MINUTE_MS, now_ms(), 5000))
    return board


def moment() -> dict[str, object]:
    return {
        "device": "boiler",
        "metric": "temperature",
        "at": now_ms() - 5 * MINUTE_MS,
        "value": 61,
        "unit": "",
    }


def open_device(page: Page, site: ChatSite, size: dict[str, int], path: str = DEVICE) -> Page:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    return open_live(page, site.url + path)


def test_a_moment_is_said_beside_the_chart_and_seen_by_another(site: ChatSite, new_page: NewPage) -> None:
    ann, ben = new_page(), new_page()
    open_device(ann, site, WIDE)
    open_live(ben, site.room_url("device-boiler"))
    ann.evaluate(PICK, moment())
    expect(ann.locator(".moment-chip")).to_contain_text("boiler · temperature 61 at ")
    ann.keyboard.type("look")
    ann.keyboard.press("Enter")
    expect(ann.locator(".moment-chip")).to_be_hidden()
    link = ben.locator(".message", has_text="look").locator(".moment")
    expect(link).to_contain_text("boiler · temperature 2")
    expect(link.locator(".moment-spark[data-drawn]")).to_be_visible()
    link.click()
    ben.wait_for_url(f"**{DEVICE}?from=*&to=*#moment=temperature~*")


def test_beside_its_chart_a_room_goes_by_the_devices_name(site: ChatSite, new_page: NewPage) -> None:
    site.run("from two.models import Device; Device.objects.filter(slug='teapot').update(name='Tea & Co')")
    page = open_device(new_page(), site, WIDE, "/two/device/teapot/")
    page.evaluate(PICK, moment() | {"device": "teapot"})
    expect(page.locator(".moment-chip")).to_contain_text("Tea & Co · temperature 61 at ")
    page.keyboard.type("tea time")
    page.keyboard.press("Enter")
    said = page.locator(".message[data-state=sent]", has_text="tea time")
    expect(said.locator(".moment")).to_contain_text("Tea & Co · temperature 2")
    title = page.get_by_role("heading", level=2, name="Tea & Co").get_by_role("link")
    expect(title).to_have_attribute("href", "/chat/device-teapot/")


def test_a_moment_without_words_says_its_own(site: ChatSite, new_page: NewPage) -> None:
    page = open_device(new_page(), site, WIDE)
    page.evaluate(PICK, moment())
    page.keyboard.press("Enter")
    expect(page.locator(".message-text", has_text="boiler · temperature 61 at ").last).to_be_visible()
    page.evaluate(PICK, moment())
    page.get_by_role("button", name="Remove the moment").click()
    expect(page.locator(".moment-chip")).to_be_hidden()
    expect(page.locator("#chat-message-input")).to_be_focused()


def put_in_by_button(page: Page) -> None:
    attach(page, file("one.png"))


def put_in_by_drop(page: Page) -> None:
    page.dispatch_event("#chat-log", "drop", {"dataTransfer": transfer(page, file("one.png"))})


def put_in_by_paste(page: Page) -> None:
    page.locator("#chat-message-input").evaluate(PASTE, transfer(page, file("one.png")))


@pytest.mark.parametrize("put_in", [put_in_by_button, put_in_by_drop, put_in_by_paste])
def test_a_file_is_about_the_moment_as_a_text_would_be(
    site: ChatSite, new_page: NewPage, put_in: Callable[[Page], None]
) -> None:
    ann, ben = new_page(), new_page()
    open_device(ann, site, WIDE)
    open_live(ben, site.room_url("device-boiler"))
    before = ben.locator(PICTURE).count()
    ann.evaluate(PICK, moment())
    put_in(ann)
    expect(ben.locator(PICTURE)).to_have_count(before + 1)
    for page in (ann, ben):
        expect(page.locator(PICTURE).last.locator(".moment")).to_contain_text("boiler · temperature 2")
    expect(ann.locator(".moment-chip")).to_be_hidden()
    put_in(ann)
    expect(ben.locator(PICTURE)).to_have_count(before + 2)
    expect(ben.locator(PICTURE).last.locator(".moment")).to_have_count(0)


def test_a_file_that_is_not_taken_leaves_the_moment(site: ChatSite, new_page: NewPage) -> None:
    page = open_device(new_page(), site, WIDE)
    page.evaluate(PICK, moment())
    attach(page, file("notes.txt", "text/plain"))
    expect(page.locator("[data-part=composer-problem]")).to_contain_text("cannot be sent")
    expect(page.locator(".moment-chip")).to_be_visible()


def test_the_moment_in_an_address_is_in_the_composer(site: ChatSite, new_page: NewPage) -> None:
    page = open_device(new_page(), site, NARROW, f"{DEVICE}#about=temperature~{moment()['at']}")
    expect(page.locator(".moment-chip")).to_contain_text("boiler · temperature 2")
    expect(page.get_by_role("tab", name="Room")).to_have_attribute("aria-selected", "true")


def send_it(page: Page) -> None:
    page.keyboard.press("Enter")
    expect(page.locator(".message[data-state=sent] .moment").last).to_be_visible()


def send_a_file_with_it(page: Page) -> None:
    before = page.locator(PICTURE).count()
    attach(page, file("one.png"))
    expect(page.locator(PICTURE)).to_have_count(before + 1)


def take_it_away(page: Page) -> None:
    page.get_by_role("button", name="Remove the moment").click()


@pytest.mark.parametrize("end", [send_it, send_a_file_with_it, take_it_away])
def test_a_moment_that_is_done_with_leaves_the_address(
    site: ChatSite, new_page: NewPage, end: Callable[[Page], None]
) -> None:
    page = open_device(new_page(), site, WIDE, f"{DEVICE}?window=15m#about=temperature~{moment()['at']}")
    expect(page.locator(".moment-chip")).to_be_visible()
    end(page)
    expect(page.locator(".moment-chip")).to_be_hidden()
    expect(page).to_have_url(f"{site.url}{DEVICE}?window=15m")
    page.reload()
    page.wait_for_selector(LIVE)
    expect(page.locator(".moment-chip")).to_be_hidden()


def test_a_moment_that_does_not_exist_fails_with_its_reason_and_is_kept(site: ChatSite, new_page: NewPage) -> None:
    page = open_device(new_page(), site, WIDE)
    page.evaluate(PICK, moment() | {"metric": "no-such"})
    page.keyboard.press("Enter")
    expect(page.locator(".message-fate")).to_contain_text("Not sent: ")
    page.reload()
    expect(page.locator(".message[data-state=failed] .moment")).to_be_visible()


def test_the_line_of_a_fresh_moment_is_drawn_on_when_its_minutes_are_over(
    site: ChatSite, board: Board, new_page: NewPage
) -> None:
    now, page = now_ms(), new_page()
    board.send_past("mixer", range(now - 2 * MINUTE_MS, now, 5000))
    page.clock.install()
    open_live(page, site.room_url("device-mixer"))
    page.evaluate(PICK, moment() | {"device": "mixer", "at": now - 1000})
    page.keyboard.press("Enter")
    line = page.locator(".moment-spark[data-drawn] .moment-line")
    until(page, LINE_WIDTH + " < 90")
    board.send_past("mixer", range(now, now + 2 * MINUTE_MS, 5000))
    with page.expect_request(lambda request: "/two/readings/" in request.url):
        page.clock.fast_forward(3 * MINUTE_MS)
    until(page, LINE_WIDTH + " > 120")
    expect(line).to_have_count(1)


def test_on_a_narrow_page_chart_and_room_are_tabs(site: ChatSite, new_page: NewPage) -> None:
    page, other = open_device(new_page(), site, NARROW), new_page()
    open_live(other, site.room_url("device-boiler"))
    chart, room = page.get_by_role("tab", name="Chart"), page.get_by_role("tab", name="Room")
    expect(page.locator(".chart-frame").first).to_be_visible()
    expect(page.locator("#chat-log")).to_be_hidden()
    until(page, "document.activeElement === document.body")
    other.locator("#chat-message-input").fill("news")
    other.keyboard.press("Enter")
    expect(room.locator(".device-news")).to_be_visible()
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(room).to_be_focused()
    expect(page.locator("#chat-log")).to_be_visible()
    expect(page.locator(".chart-frame").first).to_be_hidden()
    expect(room.locator(".device-news")).to_be_hidden()
    until(page, "document.querySelector('.composer-area').getBoundingClientRect().bottom <= innerHeight")
    until(page, "location.hash === '#room'")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    expect(page.locator(".chart-frame").first).to_be_visible()
    expect(room).to_be_hidden()


def test_on_a_phone_the_address_says_which_tab_is_open(site: ChatSite, new_page: NewPage) -> None:
    page = open_device(new_page(), site, NARROW, f"{DEVICE}#about=temperature~{moment()['at']}")
    chart, room = page.get_by_role("tab", name="Chart"), page.get_by_role("tab", name="Room")
    page.keyboard.type("which tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}{DEVICE}#room")
    page.locator(".message[data-state=sent]", has_text="which tab").locator(".moment").click()
    expect(chart).to_have_attribute("aria-selected", "true")
    expect(chart).to_be_focused()
    until(page, "location.hash === ''")
    page.reload()
    expect(page.locator("#chart")).to_be_visible()
    page.evaluate(PICK, moment())
    expect(room).to_have_attribute("aria-selected", "true")
    until(page, "location.hash === '#room'")
    page.reload()
    expect(room).to_have_attribute("aria-selected", "true")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.locator(".message .moment").last.click()
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    expect(chart).to_have_attribute("aria-selected", "true")
    until(page, "location.hash === ''")
    page.evaluate("location.hash = 'room'")  # as a link of an open alarm does
    expect(room).to_have_attribute("aria-selected", "true")
    page.go_back()
    expect(chart).to_have_attribute("aria-selected", "true")


def test_who_may_not_read_the_room_any_more_keeps_the_chart(site: ChatSite, new_page: NewPage) -> None:
    staff, guest = new_page(), open_device(new_page(), site, WIDE, "/two/device/cellar/")
    guest.locator("#chat-message-input").fill("hello")
    guest.keyboard.press("Enter")
    expect(guest.locator(".message[data-state=sent]")).to_be_visible()
    loads: list[str] = []
    guest.on("load", lambda page: loads.append(page.url))
    site.enter(staff, STAFF, "device-cellar")
    staff.get_by_role("button", name="Settings").click()
    staff.get_by_label("Members only").check()
    expect(guest.get_by_text("log in to read it")).to_be_visible()
    expect(guest.locator("[data-part=region]")).to_have_count(0)
    expect(guest.locator(".chart-frame").first).to_be_visible()
    guest.wait_for_selector(LIVE)
    assert loads == [f"{site.url}/two/device/cellar/"]


def test_a_moment_in_the_room_shows_on_the_chart_beside_it(site: ChatSite, new_page: NewPage) -> None:
    page = open_device(new_page(), site, NARROW, f"{DEVICE}#room")
    asked = moment()
    page.evaluate(PICK, asked)
    page.keyboard.type("here")
    page.keyboard.press("Enter")
    page.evaluate("document.addEventListener('show-moment', ({ detail }) => (document.title = JSON.stringify(detail)))")
    page.locator(".message", has_text="here").locator(".moment").click()
    expect(page).to_have_title(
        json.dumps({key: asked[key] for key in ("device", "metric", "at")}, separators=(",", ":"))
    )
    expect(page.get_by_role("tab", name="Chart")).to_have_attribute("aria-selected", "true")


def test_a_message_far_back_is_shown_where_it_was_said(site: ChatSite, new_page: NewPage) -> None:
    site.run(FILL)
    page = open_device(new_page(), site, NARROW, "/two/device/kettle/#message-60")
    expect(page.locator('.message[data-id="60"]')).to_be_focused()
    expect(page.locator('.message[data-id="60"]')).to_be_in_viewport()
    page.get_by_role("tab", name="Chart").click()
    page.evaluate(SHOW, 12)
    expect(page.locator('.message[data-id="12"]')).to_be_in_viewport()
    expect(page.locator("[data-part=newer]")).to_have_text("Back to latest")
    page.locator("[data-part=newer]").click()
    expect(page.locator('.message[data-id="200"]')).to_be_in_viewport()
    page.evaluate(SHOW, 4711)
    expect(page.locator("[data-part=composer-problem]")).to_contain_text("not there any more")
