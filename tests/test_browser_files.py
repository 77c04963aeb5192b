"""Files in a room, in a real Chromium: attached, dropped, pasted, recorded; sent, shown, refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import NewPage, open_live, until
from tests.chat_site import MEMBER, OTHER, OUTSIDER, STAFF, ChatSite, chat_site
from tests.files import PASTE, attach, file, picture, transfer

pytestmark = [pytest.mark.browser, pytest.mark.server]
SENT = ".message[data-state=sent]"
FAILED = ".message[data-state=failed]"
PENDING = ".message[data-state=pending]"
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
FAST = {**SLOW, "uploadThroughput": -1}

# Keeps what the page gets of the microphone, to see that all of it ends.
KEEP_STREAMS = """
  globalThis.streams = [];
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await open(wish);
    streams.push(stream);
    return stream;
  };
"""
NO_MICROPHONE = """() => {
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", "NotAllowedError"); };
}"""
MICROPHONES = "streams.flatMap((stream) => stream.getTracks()).filter(({ readyState }) => readyState === 'live').length"


@pytest.fixture(scope="module")
def site() -> Iterator[ChatSite]:
    with chat_site() as site:
        yield site


def network(page: Page, conditions: dict[str, Any]) -> None:
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", conditions)


def pictures(page: Page) -> Locator:
    return page.locator(f"{SENT} .media-picture img")


def test_a_picture_is_sent_by_button_and_seen_by_the_others(site: ChatSite, new_page: NewPage) -> None:
    sender, reader = (open_live(new_page(), site.room_url("pictures")) for _ in range(2))
    attach(sender, file())
    for page in (sender, reader):
        expect(pictures(page)).to_have_count(1)
        shown = pictures(page)
        expect(shown).to_have_attribute("width", "640")
        expect(shown).to_have_attribute("height", "360")
        expect(shown).to_have_attribute("alt", "pump.png")
        until(page, "document.querySelector('.media-picture img').naturalWidth > 0")
    assert "blob:" not in sender.locator("[data-part=messages]").inner_html()
    reader.reload()
    expect(pictures(reader)).to_have_count(1)
    rooms = open_live(new_page(), f"{site.url}/chat/")
    expect(rooms.get_by_text("sent a picture")).to_be_visible()


def test_files_are_sent_in_the_order_they_were_chosen(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(), site.room_url("several"))
    names = [f"{number}.png" for number in range(4)]
    attach(page, *(file(name) for name in names))
    expect(pictures(page)).to_have_count(4, timeout=15000)
    assert pictures(page).evaluate_all("(all) => all.map(({ alt }) => alt)") == names


def test_of_eleven_files_ten_are_taken(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(), site.room_url("eleven"))
    network(page, SLOW)
    attach(page, *(file(f"{number}.png", data=picture(400, 400, is_noise=True)) for number in range(11)))
    expect(page.locator(PENDING)).to_have_count(10)
    expect(page.get_by_text("Ten files wait already")).to_be_visible()


def test_a_dropped_file_is_sent_and_the_room_shows_that_it_may_be_dropped(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(), site.room_url("drops"))
    dropped = transfer(page, file("dropped.png"))
    page.dispatch_event("#chat-log", "dragover", {"dataTransfer": dropped})
    expect(page.get_by_text("Drop files to send them")).to_be_visible()
    page.dispatch_event("#chat-log", "drop", {"dataTransfer": dropped})
    expect(page.get_by_text("Drop files to send them")).to_be_hidden()
    expect(pictures(page)).to_have_attribute("alt", "dropped.png")


def test_a_file_dropped_beside_the_room_does_nothing(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(), site.room_url("beside"))
    page.dispatch_event(".site-header", "dragover", {"dataTransfer": transfer(page, file())})
    expect(page.get_by_text("Drop files to send them")).to_be_hidden()
    page.dispatch_event(".site-header", "drop", {"dataTransfer": transfer(page, file())})
    page.wait_for_timeout(300)
    expect(page.locator(".message")).to_have_count(0)


def test_a_pasted_picture_is_sent_and_pasted_text_stays_text(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(), site.room_url("pastes"))
    box = page.locator("#chat-message-input")
    box.evaluate(PASTE, transfer(page, file("image.png")))
    expect(pictures(page)).to_have_count(1)
    both = transfer(page, file("picture-of-the-text.png"))
    both.evaluate("(transfer) => transfer.setData('text/plain', 'copied from a document')")
    box.evaluate(PASTE, both)
    page.wait_for_timeout(300)
    expect(page.locator(".message")).to_have_count(1)


def test_an_upload_shows_how_far_it_is_and_can_be_taken_back(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(), site.room_url("slow"))
    network(page, SLOW)
    attach(page, file("big.png", data=picture(800, 800, is_noise=True)))
    bar = page.get_by_role("progressbar", name="Upload")
    expect(page.locator(f"{PENDING} .media img")).to_be_visible()
    until(page, "document.querySelector('progress')?.value > 0", timeout=8000)
    before = bar.evaluate("(bar) => bar.value")
    until(page, f"document.querySelector('progress')?.value > {before}", timeout=8000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".message")).to_have_count(0)
    network(page, FAST)
    attach(page, file("small.png"))
    expect(pictures(page)).to_have_count(1)
    page.reload()
    expect(pictures(page)).to_have_count(1)
    expect(page.locator(".message")).to_have_count(1)


def test_without_network_uploads_fail_and_each_is_sent_once_on_retry(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(is_refused=True), site.room_url("away"))
    reader = open_live(new_page(), site.room_url("away"))
    page.route("**/media/", lambda route: route.abort("internetdisconnected"))
    for count, name in enumerate(("away.png", "gone.png"), start=1):
        attach(page, file(name))
        expect(page.locator(FAILED)).to_have_count(count)
    expect(page.locator(FAILED).first).to_contain_text("could not be reached")
    page.unroute("**/media/")
    for left in (1, 0):
        page.get_by_role("button", name="Retry").first.click()
        expect(page.locator(FAILED)).to_have_count(left)
    for each in (page, reader):
        expect(pictures(each)).to_have_count(2)
        expect(each.locator(".message[data-state=sent]")).to_have_count(2)
        expect(each.locator(".message")).to_have_count(2)


def test_an_upload_whose_answer_was_lost_is_stored_once(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(is_refused=True), site.room_url("lost answer"))

    def lose(route: Any) -> None:
        route.fetch()
        route.abort("connectionreset")

    page.route("**/media/", lose)
    attach(page, file("once.png"))
    expect(pictures(page)).to_have_count(1)
    page.wait_for_timeout(500)
    expect(page.locator(".message")).to_have_count(1)
    page.reload()
    expect(page.locator(".message")).to_have_count(1)


@pytest.mark.parametrize(
    ("name", "kind", "data", "reason"),
    [
        ("drawing.svg", "image/svg+xml", b"<svg/>", "cannot be sent"),
        ("page.html", "text/html", b"<p>", "cannot be sent"),
        ("empty.png", "image/png", b"", "is empty"),
        ("film.mp4", "video/mp4", bytes(33 * 1024 * 1024), "has 33 MB; at most 32 MB fit"),
    ],
)
def test_what_the_server_would_not_take_is_said_before_it_is_sent(
    site: ChatSite, new_page: NewPage, name: str, kind: str, data: bytes, reason: str
) -> None:
    page = open_live(new_page(), site.room_url("refusals"))
    uploads: list[str] = []
    page.on("request", lambda request: uploads.append(request.url) if request.method == "POST" else None)
    page.set_input_files("[data-part=attach-input]", [file(name, kind, data)])
    expect(page.locator("[data-part=composer-problem]")).to_contain_text(reason)
    expect(page.locator("[data-part=composer-problem]")).to_contain_text(name)
    expect(page.locator(".message")).to_have_count(0)
    assert uploads == []


def test_html_that_calls_itself_a_picture_is_refused_by_the_server(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(is_refused=True), site.room_url("refusals"))
    attach(page, file("trick.png", data=b"<html><script>alert(1)</script>"))
    expect(page.locator(FAILED)).to_contain_text("Only pictures, videos and sound can be sent.")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator(".message")).to_have_count(0)


def test_a_file_name_is_text(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(), site.room_url("names"))
    name = "<img src=x onerror=alert(1)>.png"
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.set_input_files("[data-part=attach-input]", [file(name)])
    expect(pictures(page)).to_have_count(1)
    pictures(page).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator("[data-part=lightbox-title] img")).to_have_count(0)


def test_a_picture_opens_large_by_mouse_and_keyboard(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(), site.room_url("large"))
    attach(page, file("large.png", data=picture(1600, 900)))
    link = page.locator(f"{SENT} .media-picture")
    expect(link).to_have_count(1)
    address = link.get_attribute("href")
    box = page.get_by_role("dialog", name="large.png")
    link.click()
    expect(box).to_be_visible()
    expect(box.get_by_role("link", name="Open the file")).to_have_attribute("href", f"{site.url}{address}")
    until(page, "document.querySelector('[data-part=lightbox-picture]').naturalWidth === 1600")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(box).to_be_visible()
    box.get_by_role("img").click()
    expect(box).to_be_hidden()
    with page.context.expect_page() as opened:
        link.click(modifiers=["ControlOrMeta"])
    assert opened.value.url.endswith(str(address))


def test_a_voice_message_is_recorded_heard_and_sent(site: ChatSite, new_page: NewPage) -> None:
    page = new_page(permissions=["microphone"])
    page.add_init_script(KEEP_STREAMS)
    open_live(page, site.room_url("voices"))
    reader = open_live(new_page(), site.room_url("voices"))
    page.get_by_role("button", name="Record a voice message").click()
    panel = page.get_by_role("region", name="Voice message")
    expect(panel.get_by_text("Recording")).to_be_visible()
    expect(panel.get_by_role("timer")).to_have_text("0:01", timeout=4000)
    assert page.evaluate(MICROPHONES) == 1
    expect(panel.get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Send")).to_be_focused()
    assert page.evaluate(MICROPHONES) == 0
    expect(page.locator(".message")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(panel).to_be_hidden()
    expect(page.locator("#chat-message-input")).to_be_focused()
    for each in (page, reader):
        player = each.locator(f"{SENT} audio")
        expect(player).to_have_count(1)
        until(each, "document.querySelector('.message audio').duration > 0.5", timeout=8000)
    expect(reader.locator(".media-title")).to_have_count(0)


def test_a_discarded_recording_is_gone_and_the_microphone_closed(site: ChatSite, new_page: NewPage) -> None:
    page = new_page(permissions=["microphone"])
    page.add_init_script(KEEP_STREAMS)
    open_live(page, site.room_url("voices"))
    count = page.locator(".message").count()
    button = page.get_by_role("button", name="Record a voice message")
    panel = page.get_by_role("region", name="Voice message")
    for key in ("Escape", "Tab Enter"):  # after "Stop" comes "Discard"
        button.click()
        expect(panel.get_by_role("button", name="Stop")).to_be_focused()
        for one in key.split():
            page.keyboard.press(one)
        expect(panel).to_be_hidden()
        assert page.evaluate(MICROPHONES) == 0
    button.click()
    expect(panel.get_by_text("Recording")).to_be_visible()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert page.evaluate(MICROPHONES) == 0
    expect(page.locator(".message")).to_have_count(count)


def test_without_a_microphone_the_reason_is_said(site: ChatSite, new_page: NewPage) -> None:
    page = open_live(new_page(permissions=[]), site.room_url("voices"))
    page.evaluate(NO_MICROPHONE)
    page.get_by_role("button", name="Record a voice message").click()
    expect(page.get_by_text("The microphone is not allowed.")).to_be_visible()
    expect(page.get_by_role("region", name="Voice message")).to_be_hidden()
    page.evaluate("delete globalThis.MediaRecorder")
    page.get_by_role("button", name="Record a voice message").click()
    expect(page.get_by_text("This browser cannot record.")).to_be_visible()


def test_files_of_a_members_room_are_for_members(site: ChatSite, new_page: NewPage) -> None:
    site.make_members_room("secret pictures", MEMBER)
    member = site.enter(new_page(), MEMBER, "secret pictures")
    attach(member, file("secret.png"))
    link = member.locator(f"{SENT} .media-picture")
    addresses = [link.get_attribute("href"), link.locator("img").get_attribute("src")]
    outsider = site.log_in(new_page(is_refused=True), OUTSIDER)
    anonymous = new_page()
    anonymous.goto(site.url)
    for address in addresses:
        url = f"{site.url}{address}"
        assert member.context.request.get(url).status == 200
        assert outsider.context.request.get(url).status in (403, 404)
        assert anonymous.context.request.get(url).status in (401, 403, 404)
    token = outsider.locator("[name=csrfmiddlewaretoken]").first.input_value()
    answer = outsider.context.request.post(
        f"{site.room_url('secret pictures')}media/",
        multipart={"client_id": "x", "file": file()},
        headers={"X-CSRFToken": token, "Referer": site.url},
    )
    assert answer.status == 403


def test_a_deleted_picture_leaves_every_page(site: ChatSite, new_page: NewPage) -> None:
    page = site.enter(new_page(), OTHER, "deleted pictures")
    attach(page, file("gone.png"))
    address = page.locator(f"{SENT} .media-picture").get_attribute("href")
    staff = site.enter(new_page(), STAFF, "deleted pictures")
    staff.locator(".message").hover()
    staff.get_by_role("button", name="Delete").click()
    staff.get_by_role("button", name="Delete?").click()
    for each in (page, staff):
        expect(each.locator(".message")).to_have_count(0)
    assert page.context.request.get(f"{site.url}{address}").status == 404


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_room_with_files_fits(site: ChatSite, new_page: NewPage, width: int, scheme: str) -> None:
    page = new_page(width=width, color_scheme=scheme, permissions=["microphone"])
    open_live(page, site.room_url(f"fits {width} {scheme}"))
    name = f"{'a-long-name-' * 12}.png"
    attach(page, file(name, data=picture(2000, 300)), file(name, data=picture(300, 2000)), file(name))
    expect(pictures(page)).to_have_count(3, timeout=15000)
    page.get_by_role("button", name="Record a voice message").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("region", name="Voice message").get_by_role("button", name="Send")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(
        "document.querySelector('#chat-log').scrollWidth <= document.querySelector('#chat-log').clientWidth"
    )
