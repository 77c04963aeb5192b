"""A room's conversation in a real Chromium: what is sent, what was said, what was missed."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.browser import AWAY, LIVE, NewPage, open_live, until
from tests.chat_site import MEMBER, OTHER, STAFF, ChatSite, chat_site, say
from tests.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]
LOG = "document.querySelector('#chat-log')"
UP = f"{LOG}.scrollTop = -{LOG}.scrollHeight"
FROM_END = f"Math.abs({LOG}.scrollTop)"
FILL = """
from datetime import timedelta
from django.utils.timezone import now
from threechat.models import Message, Room
from threechat.rooms import room_named
count = {count}
room = Room.objects.create(name={name!r}, key=room_named({name!r}).key, last_id=count)
start = now() - timedelta(seconds=20 * count)
Message.objects.bulk_create(
    Message(room=room, number=number, text=f"message {{number}}", username="Ada", sender=f"ada-{{number // 4}}",
            sent_on=start + timedelta(seconds=20 * number))
    for number in range(1, count + 1)
)
"""
SAY_AT = """
from datetime import datetime
from threechat.models import Message, Room
from threechat.rooms import room_named
room, _ = Room.objects.get_or_create(name={name!r}, key=room_named({name!r}).key)
for at, text in {said!r}:
    room.last_id += 1
    Message.objects.create(room=room, number=room.last_id, text=text, username="Ada", sender="ada",
                           sent_on=datetime.fromisoformat(at))
room.save()
"""


@pytest.fixture(scope="module")
def site() -> Iterator[ChatSite]:
    with chat_site() as site:
        yield site
        site.server.stop()  # a test may have put another in the place of the first


def texts(page: Page) -> list[str]:
    return page.locator(".message-text").all_inner_texts()


def message(page: Page, text: str) -> Locator:
    return page.locator(".message", has=page.get_by_text(text, exact=True))


def top_of(page: Page, text: str) -> float:
    box = message(page, text).bounding_box()
    assert box is not None
    return box["y"]


def restarted(site: ChatSite) -> None:
    site.server = Server("uvicorn", site.folder, port=site.server.port)
    site.server.wait_until_ready()


# Sending


def test_a_message_is_pending_until_its_echo_and_stands_on_my_side(site: ChatSite, new_page: NewPage) -> None:
    mia, ben = new_page(), open_live(new_page(), site.room_url("pending"))
    say(ben, "thirsty")
    expect(ben.locator(".message[data-state=sent]")).to_have_count(1)
    held: list[str | bytes] = []

    def hold(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda text: held.append(text) if "client_id" in str(text) else socket.send(text))

    mia.route_web_socket(re.compile("/ws/chat/"), hold)
    open_live(mia, site.room_url("pending"))
    say(mia, "tea?")
    pending = mia.locator(".message[data-mine]")
    expect(pending).to_have_attribute("data-state", "pending")
    expect(pending).to_contain_text("Me")
    expect(ben.locator(".message:not([data-mine])")).to_contain_text("tea?")
    assert len(held) == 1
    row = pending.element_handle()
    mia.evaluate("dispatchEvent(new Event('offline'))")
    expect(pending).to_contain_text("Will be sent")
    expect(pending).to_have_attribute("data-state", "sent", timeout=10_000)
    assert row.evaluate("node => node.isConnected"), "the row that was pending is the one that is sent"
    assert texts(mia) == texts(ben) == ["thirsty", "tea?"]


def test_what_is_typed_without_a_network_is_sent_once_it_is_back(site: ChatSite, new_page: NewPage) -> None:
    mia, ben = (open_live(new_page(), site.room_url("tunnel")) for _ in range(2))
    say(mia, "into the tunnel")
    expect(ben.locator(".message")).to_have_count(1)
    mia.context.set_offline(True)
    expect(mia.locator(AWAY)).to_be_visible()
    for text in ("dark", "still dark"):
        say(mia, text)
    expect(mia.locator(".message[data-state=queued]")).to_have_count(2)
    say(ben, "hello?")
    mia.context.set_offline(False)
    mia.wait_for_selector(LIVE, timeout=35_000)
    for page in (mia, ben):
        expect(page.locator(".message[data-state=sent]")).to_have_count(4)
        assert texts(page) == ["into the tunnel", "hello?", "dark", "still dark"]


def test_what_waits_for_a_restart_survives_a_reload_and_comes_once(site: ChatSite, new_page: NewPage) -> None:
    mia = open_live(new_page(), site.room_url("restart"))
    say(mia, "one")
    expect(mia.locator(".message[data-state=sent]")).to_have_count(1)
    site.server.stop()
    try:
        expect(mia.locator(AWAY)).to_be_visible()
        say(mia, "two")
        say(mia, "three")
        expect(mia.locator(".message[data-state=queued]")).to_have_count(2)
    finally:
        restarted(site)
    mia.reload()
    mia.wait_for_selector(LIVE, timeout=10_000)
    expect(mia.locator(".message[data-state=sent]")).to_have_count(3)
    ben = open_live(new_page(), site.room_url("restart"))
    assert texts(mia) == texts(ben) == ["one", "two", "three"]


def test_a_refused_message_says_why_and_can_be_sent_again_or_thrown_away(site: ChatSite, new_page: NewPage) -> None:
    boss = site.enter(new_page(), STAFF, "refused")
    mia = open_live(new_page(), site.room_url("refused"))
    say(boss, "first")
    expect(mia.locator(".message[data-state=sent]")).to_have_count(1)
    room = "from threechat.models import Room; Room.objects.filter(name='refused').update(read_only={})"
    site.run(room.format(True))
    for text in ("no", "again"):
        say(mia, text)
    failed = mia.locator(".message[data-state=failed]")
    expect(failed).to_have_count(2)
    expect(failed.first).to_contain_text("Not sent: This room is read-only.")
    failed.first.get_by_role("button", name="Discard").click()
    expect(failed).to_have_count(1)
    site.run(room.format(False))
    failed.get_by_role("button", name="Retry").click()
    expect(mia.locator("#chat-message-input")).to_be_focused()
    expect(boss.locator(".message")).to_have_count(2)
    assert texts(mia) == texts(boss) == ["first", "again"]


# What was said


def test_scrolling_up_brings_older_messages_and_nothing_jumps(site: ChatSite, new_page: NewPage) -> None:
    site.run(FILL.format(name="long", count=130))
    page = open_live(new_page(), site.room_url("long"))
    expect(page.locator(".message")).to_have_count(50)
    expect(message(page, "message 130")).to_be_in_viewport()
    for first, up in ((81, f"{LOG}.scrollTop = 500 + {LOG}.clientHeight - {LOG}.scrollHeight"), (31, UP)):
        number = first + 3  # the first one gets another neighbour
        before = page.evaluate(f"{up}, document.querySelector('[data-id=\"{number}\"]').getBoundingClientRect().top")
        until(page, f"document.querySelector('.message').dataset.id !== '{first}'")
        assert top_of(page, f"message {number}") == pytest.approx(before, abs=2)
    expect(page.locator(".message")).to_have_count(130)
    expect(page.get_by_role("button", name="Older messages")).to_be_hidden()
    assert texts(page) == [f"message {number}" for number in range(1, 131)]


def test_older_messages_can_be_had_by_keyboard(site: ChatSite, new_page: NewPage) -> None:
    site.run(FILL.format(name="keys", count=80))
    page = open_live(new_page(), site.room_url("keys"))
    page.get_by_role("button", name="Older messages").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".message")).to_have_count(80)
    expect(page.locator("#chat-log")).to_be_focused()


def test_who_reads_further_up_stays_there_and_is_told_of_news(site: ChatSite, new_page: NewPage) -> None:
    site.run(FILL.format(name="reading", count=120))
    reader, other = (open_live(new_page(), site.room_url("reading")) for _ in range(2))
    reader.evaluate(f"{LOG}.scrollTop = -900")
    before = reader.locator(".message").nth(20).bounding_box()
    assert reader.locator(".message").nth(20).inner_text()
    for number in range(3):
        say(other, f"news {number}")
    news = reader.get_by_role("button", name="3 new messages")
    expect(news).to_be_visible()
    shown = reader.evaluate(
        f"[...document.querySelectorAll('.message')].find(m => m.getBoundingClientRect().bottom > {LOG}"
        ".getBoundingClientRect().top).dataset.id"
    )
    assert int(shown) < 121
    assert before is not None
    news.click()
    expect(message(reader, "news 2")).to_be_in_viewport()
    expect(news).to_be_hidden()


def test_a_page_holds_500_messages_and_comes_back_to_the_latest(site: ChatSite, new_page: NewPage) -> None:
    site.run(FILL.format(name="endless", count=900))
    page, other = (open_live(new_page(), site.room_url("endless")) for _ in range(2))
    for _ in range(12):
        first = page.locator(".message").first.get_attribute("data-id")
        page.evaluate(UP)
        until(page, f"document.querySelector('.message').dataset.id !== '{first}'")
        assert page.locator(".message").count() <= 500
    assert page.locator(".message").count() == 500
    expect(page.get_by_role("button", name="Back to latest")).to_be_visible()
    say(other, "late news")
    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    assert "late news" not in texts(page)
    page.evaluate(f"{LOG}.scrollTop = 0")
    until(page, f"[...document.querySelectorAll('.message')].some(m => m.dataset.id === '800') && {FROM_END} > 0")
    assert page.locator(".message").count() <= 500
    page.locator("[data-part=newer]").click()
    expect(message(page, "late news")).to_be_in_viewport()
    expect(page.locator("[data-part=newer]")).to_be_hidden()


def test_a_page_that_is_open_for_a_day_does_not_grow(site: ChatSite, new_page: NewPage) -> None:
    page = new_page()
    sockets: list[WebSocketRoute] = []

    def keep(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile("/ws/chat/"), keep)
    open_live(page, site.room_url("day"))
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")

    def hear(first: int, last: int) -> dict[str, float]:
        for number in range(first, last + 1):
            said = {"type": "text", "id": number, "message": f"line {number}", "username": "Ada", "sender": "ada"}
            if number % 10 == 0:
                said = {"type": "deleted", "id": number, "message_id": number - 5}
            sockets[0].send(json.dumps({**said, "client_id": str(number), "datetime": datetime.now(UTC).isoformat()}))
            if number % 500 == 0:
                sockets[0].send(json.dumps({"type": "typing", "username": f"guest-{number}"}))
        expect(message(page, f"line {last}")).to_be_visible(timeout=20_000)
        expect(page.locator("[data-part=typing]")).to_be_empty(timeout=20_000)  # nobody types any more
        devtools.send("HeapProfiler.collectGarbage")
        measured = devtools.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in measured}

    early, late = hear(1, 2001), hear(2002, 6001)
    assert page.locator(".message").count() == 500
    assert late["Nodes"] <= 1.1 * early["Nodes"]
    assert late["JSEventListeners"] <= early["JSEventListeners"]
    assert late["JSHeapUsedSize"] <= 1.2 * early["JSHeapUsedSize"]


def test_a_detached_log_is_whole_again_at_its_end(site: ChatSite, new_page: NewPage) -> None:
    site.run(FILL.format(name="return", count=620))
    page = open_live(new_page(), site.room_url("return"))
    while page.locator("[data-part=older]").is_visible():
        first = page.locator(".message").first.get_attribute("data-id")
        page.evaluate(UP)
        until(page, f"document.querySelector('.message').dataset.id !== '{first}'")
    for _ in range(20):
        last = page.locator(".message").last.get_attribute("data-id")
        if last == "620":
            break
        page.evaluate(f"{LOG}.scrollTop = 0")
        until(page, f"[...document.querySelectorAll('.message')].at(-1).dataset.id !== '{last}'")
    numbers = [int(text.split()[-1]) for text in texts(page)]
    assert numbers == list(range(121, 621))


NIGHT = [
    ("2001-03-03T22:30:00+00:00", "late"),
    ("2001-03-03T23:30:00+00:00", "later"),
    ("2001-03-04T08:00:00+00:00", "morning"),
]
IN_BERLIN = "Saturday 3 March 2001|23:30|late|Sunday 4 March 2001|00:30|later|09:00|morning"
IN_NEW_YORK = "Saturday 3 March 2001|17:30|late|18:30|later|Sunday 4 March 2001|03:00|morning"


def test_days_are_separated_in_the_zone_of_the_reader(site: ChatSite, new_page: NewPage) -> None:
    site.run(SAY_AT.format(name="days", said=NIGHT))
    for zone, expected in (("Europe/Berlin", IN_BERLIN), ("America/New_York", IN_NEW_YORK)):
        page = open_live(new_page(timezone_id=zone, locale="en-GB"), site.room_url("days"))
        shown = page.locator(".day-title, .message-head time, .message-text").all_inner_texts()
        assert "|".join(shown).replace(",", "") == expected
        tooltip = page.locator(".message time").first.get_attribute("title") or ""
        assert "March 2001" in tooltip


def test_today_is_called_today(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(), site.room_url("today"))
    say(page, "hi")
    expect(page.locator(".day-title")).to_have_text("Today")
    sent = datetime.fromisoformat(page.locator(".message time").get_attribute("datetime") or "")
    assert abs((datetime.now(UTC) - sent).total_seconds()) < 60


def test_script_stays_text_and_links_become_links(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(), site.room_url("links"))
    say(page, '<img src=x onerror=alert(1)><script>alert(1)</script> "javascript:alert(1)"')
    say(page, "see (https://example.org/a_(b)?x=1#y), and http://例え.jp/道.")
    for _ in range(2):
        expect(page.locator(".message[data-state=sent]")).to_have_count(2)
        links = page.locator(".message-text a")
        assert [link.inner_text() for link in links.all()] == ["https://example.org/a_(b)?x=1#y", "http://例え.jp/道"]
        assert links.first.get_attribute("rel") == "noopener noreferrer nofollow ugc"
        assert page.locator(".message-text :is(img, script)").count() == 0
        expect(page.locator("#chat-log")).to_contain_text("<script>alert(1)</script>")
        page.reload()


def test_without_javascript_the_latest_messages_can_be_read(site: ChatSite, new_page: NewPage) -> None:
    said = [(NIGHT[0][0], "see https://example.org/a."), (NIGHT[2][0], "<b>morning</b>")]
    site.run(SAY_AT.format(name="plain", said=said))
    page = new_page(java_script_enabled=False)
    page.goto(site.room_url("plain"))
    shown = page.locator(".day-title, .message-name, .message-head time, .message-text").all_inner_texts()
    assert shown[:4] == ["Saturday, 3 March 2001", "Ada", "22:30", "see https://example.org/a."]
    assert shown[4:] == ["Sunday, 4 March 2001", "Ada", "08:00", "<b>morning</b>"]
    assert page.locator(".message-text a").get_attribute("href") == "https://example.org/a"


# Order


def test_staff_delete_a_message_and_it_is_gone_everywhere(site: ChatSite, new_page: NewPage) -> None:
    boss = site.enter(new_page(), STAFF, "order")
    mia = site.enter(new_page(), MEMBER, "order")
    ben = site.enter(new_page(), OTHER, "order")
    for text in ("stays", "goes", "stays too"):
        say(mia, text)
    for page in (boss, mia, ben):
        expect(page.locator(".message[data-state=sent]")).to_have_count(3)
    expect(mia.get_by_role("button", name="Delete")).to_have_count(0)
    ben.context.set_offline(True)
    expect(ben.locator(AWAY)).to_be_visible()
    message(boss, "goes").hover()
    message(boss, "goes").get_by_role("button", name="Delete", exact=True).click()
    expect(boss.locator(".message")).to_have_count(3)
    message(boss, "goes").get_by_role("button", name="Delete?").click()
    for page in (boss, mia):
        expect(page.locator(".message")).to_have_count(2)
    expect(ben.locator(".message")).to_have_count(3)
    ben.context.set_offline(False)
    ben.wait_for_selector(LIVE, timeout=35_000)
    expect(ben.locator(".message")).to_have_count(2)
    mia.reload()
    assert texts(mia) == texts(boss) == texts(ben) == ["stays", "stays too"]


def test_a_read_only_room_says_so_and_takes_nothing(site: ChatSite, new_page: NewPage) -> None:
    mia = open_live(new_page(), site.room_url("closed"))
    say(mia, "last words")
    expect(mia.locator(".message[data-state=sent]")).to_have_count(1)
    change = "from threechat.models import Room; r = Room.objects.get(name='closed'); r.read_only = {}; r.save()"
    site.run(change.format(True))
    mia.reload()
    expect(mia.get_by_text("This room is read-only.")).to_be_visible()
    expect(mia.locator("#chat-message-input")).to_be_hidden()


# Listening


def test_a_screen_reader_hears_what_comes_and_not_what_was(site: ChatSite, new_page: NewPage) -> None:
    site.run(FILL.format(name="listening", count=120))
    page = open_live(new_page(), site.room_url("listening"))
    spoken = page.locator("#chat-log[aria-live=polite]")
    expect(spoken).to_have_count(1, timeout=3000)
    note = f"new MutationObserver(() => heard.push({LOG}.ariaLive))"
    list_of = "document.querySelector('[data-part=messages]')"
    page.evaluate(f"globalThis.heard = []; {note}.observe({list_of}, {{childList: true}})")
    page.evaluate(UP)
    expect(page.locator(".message")).to_have_count(100)
    assert set(page.evaluate("heard")) == {"off"}
    expect(spoken).to_have_count(1, timeout=3000)
    page.evaluate("heard.length = 0")
    say(page, "hi")
    expect(page.locator(".message")).to_have_count(101)
    assert "off" not in page.evaluate("heard")


def test_who_looks_at_another_tab_is_told_by_the_title(site: ChatSite, new_page: NewPage) -> None:
    mia, ben = (open_live(new_page(), site.room_url("title")) for _ in range(2))
    hide = "Object.defineProperty(document, 'hidden', {{value: {}, configurable: true}})"
    mia.evaluate(hide.format("true"))
    say(ben, "psst")
    expect(mia).to_have_title(re.compile(r"^\(1\) title · Chat"))
    mia.evaluate(f"{hide.format('false')}, document.dispatchEvent(new Event('visibilitychange'))")
    expect(mia).to_have_title(re.compile("^title · Chat"))


def test_typing_is_shown_and_ends_by_itself(site: ChatSite, new_page: NewPage) -> None:
    mia, ben = (site.enter(new_page(), name, "typing") for name in (MEMBER, OTHER))
    mia.locator("#chat-message-input").press_sequentially("hm")
    line = ben.get_by_text(f"{MEMBER} is typing…")
    expect(line).to_be_visible()
    expect(line).to_be_hidden(timeout=6000)


def test_a_guest_tells_the_others_a_new_name_and_nothing_of_a_form_that_was_left(
    site: ChatSite, new_page: NewPage
) -> None:
    other, guest = open_live(new_page(), site.room_url("names")), new_page()
    sent: list[dict[str, str]] = []
    guest.on("websocket", lambda socket: socket.on("framesent", lambda text: sent.append(json.loads(text))))
    open_live(guest, site.room_url("names"))
    change, name = guest.get_by_role("button", name="change"), guest.get_by_label("Your name")
    for leave in ("Cancel", "Save"):  # under the name that it has
        change.click()
        guest.get_by_role("button", name=leave).click()
        expect(guest.locator("#chat-message-input")).to_be_focused()
    change.click()
    name.press("Escape")
    expect(change).to_be_visible()
    change.click()
    name.fill("Zoé")
    name.press("Enter")
    expect(other.get_by_text("Zoé is typing…")).to_be_visible()
    assert sent == [{"type": "typing", "username": "Zoé"}]
