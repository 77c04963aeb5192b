"""What people say about a moment of a chart, and what alarms do, in the real Chromiums of two people."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.board import Board, now_ms
from tests.browser import LIVE, NewPage, open_live, until
from tests.chat_site import MEMBER, OTHER, OUTSIDER, PASSWORD, STAFF, ChatSite, chat_site, say
from tests.servers import new_token

pytestmark = [pytest.mark.browser, pytest.mark.server]
SOON_MS = 5_000  # between a click of one and what the other sees; most of it is a busy machine's
STEP_MS = 10_000
MINUTE_MS = 60_000
CHART = "Chart.getChart('iot-chart')"
POINTS = f"{CHART}?.data.datasets[0]?.data.length"
QUIET_MS = 500  # in which a page that may sound has done so
# Says what begins. Live is what has a socket that answers.
LISTEN = """
  const tell = (what) => console.log(what);
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) {
    if (this.context.state === "running") tell("tone");
    return start.apply(this, when);
  };
  window.AudioContext = class extends AudioContext { constructor() { super(); tell("context"); } };
  const marks = new Map([[".lamp[data-state=open]", "live"], ["[data-part=alarm-list] .alarm", "alarm"]]);
  new MutationObserver(() => {
    for (const [mark, what] of marks) if (document.querySelector(mark) && marks.delete(mark)) tell(what);
  }).observe(document, { subtree: true, childList: true, attributes: true });
"""
PICK = "detail => document.dispatchEvent(new CustomEvent('moment', { detail }))"
OVERLAY = f"{CHART}?.config.plugins.find(({{id}}) => id === 'overlay')"
BANDS = f"{OVERLAY}.alarms"
RING = f"{OVERLAY}.ring"


@pytest.fixture(scope="module")
def site() -> Iterator[ChatSite]:
    with chat_site() as site:
        yield site


@pytest.fixture(scope="module")
def board(site: ChatSite) -> Board:
    token = new_token(site.folder)
    return Board(site.folder, site.server, token)


def ten_minutes(board: Board, device: str) -> list[int]:
    """The times of what it sent, one reading each ten seconds up to now."""
    now = now_ms()
    times = range(now - 10 * MINUTE_MS, now, STEP_MS)
    board.send_past(device, times)
    return list(times)


def device_url(board: Board, device: str, query: str = "?window=15m") -> str:
    return f"{board.url}device/{device}/{query}"


def two_url(board: Board, *devices: str, query: str = "window=15m") -> str:
    return f"{board.url}?{'&'.join([f'device={device}' for device in devices] + [query])}"


def open_chart(page: Page, url: str) -> Page:
    """With the past of its first line."""
    open_live(page, url)
    until(page, f"{POINTS} > 30")
    return page


def click_point(page: Page, at: int) -> None:
    """The nearest reading of the first line, where it is by now."""
    place = f"(({{data, scales}}) => {{ const near = data.datasets[0].data.reduce((one, other) => \
Math.abs(other.x - {at}) < Math.abs(one.x - {at}) ? other : one); \
return [scales.x.getPixelForValue(near.x), scales.y.getPixelForValue(near.y)]; }})({CHART})"
    x, y = page.evaluate(place)
    page.locator("#iot-chart").click(position={"x": x, "y": y})


def chip(page: Page) -> Locator:
    return page.locator("[data-part=moment-chip]")


def pins(page: Page) -> Locator:
    return page.locator(".pin:visible")


def popover(page: Page) -> Locator:
    return page.locator("[data-part=moment-popover]")


def message(page: Page, text: str) -> Locator:
    return page.locator(".message", has=page.get_by_text(text, exact=True))


def talk(page: Page, at: int, text: str) -> None:
    """On a device's page: about the moment `at`."""
    click_point(page, at)
    expect(chip(page)).to_be_visible()
    say(page, text)
    expect(message(page, text)).to_have_attribute("data-state", "sent")


def strip(page: Page) -> Locator:
    return page.locator("[data-part=alarms]")


def add_rule(site: ChatSite, page: Page, device: str, threshold: int) -> None:
    """As staff do: "temperature above …"."""
    site.log_in(page, STAFF, f"/two/device/{device}/rules/")
    page.get_by_label("Metric").select_option(label="temperature (°C)")
    page.get_by_label("Condition").select_option(label="above")
    page.get_by_label("Threshold").fill(str(threshold))
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".rule-name")).to_have_text(f"temperature above {threshold} °C")


def test_what_one_says_about_a_point_stands_on_the_others_charts(
    site: ChatSite, board: Board, new_page: NewPage
) -> None:
    at = ten_minutes(board, "boiler")[20]
    mia, ben = new_page(), new_page()
    site.log_in(mia, MEMBER)
    site.log_in(ben, OTHER)
    beside = open_chart(new_page(like=ben), device_url(board, "boiler"))
    open_chart(ben, two_url(board, "boiler"))
    open_chart(mia, device_url(board, "boiler"))
    click_point(mia, at)
    expect(chip(mia)).to_contain_text(re.compile(r"boiler · temperature 2\d\s°C at \d"))
    expect(mia.locator("#chat-message-input")).to_be_focused()
    say(mia, "what was that?")
    expect(chip(mia)).to_be_hidden()
    for page in (ben, beside):
        expect(pins(page)).to_have_count(1, timeout=SOON_MS)
        pins(page).click()
        expect(popover(page).locator(".said")).to_have_count(1)
        expect(popover(page).locator(".said-link")).to_have_text(f"{MEMBER} what was that?")
    popover(ben).locator(".said-link").click()
    ben.wait_for_url(re.compile(r"/two/device/boiler/\?window=15m#message-1$"))
    expect(message(ben, "what was that?")).to_be_focused()
    expect(pins(ben)).to_have_count(1)
    popover(beside).locator(".said-link").click()
    expect(message(beside, "what was that?")).to_be_focused()
    expect(popover(beside)).to_be_hidden()


def test_the_spark_line_of_a_message_moves_the_chart_there(site: ChatSite, board: Board, new_page: NewPage) -> None:
    at = ten_minutes(board, "spark")[20]
    talk(open_chart(new_page(), device_url(board, "spark")), at, "look here")
    ben = open_live(new_page(), device_url(board, "spark", "?window=1m"))
    link = message(ben, "look here").locator(".moment")
    expect(link).to_contain_text(re.compile(r"spark · temperature 2\d\s°C at \d"))
    expect(link.locator("[data-drawn]")).to_have_count(1)
    until(ben, f"{CHART}?.scales.x.min > {at}")
    link.click()
    until(ben, f"{CHART}?.scales.x.min < {at} && {at} < {CHART}?.scales.x.max")
    until(ben, "location.search.includes('from=')")
    expect(pins(ben)).to_have_count(1)
    elsewhere = open_live(new_page(), site.room_url("device-spark"))
    message(elsewhere, "look here").locator(".moment").click()
    elsewhere.wait_for_url(re.compile(r"/two/device/spark/\?from=\d+&to=\d+#moment=temperature~\d+$"))
    elsewhere.wait_for_selector(LIVE)
    until(elsewhere, f"{RING}?.at === {at}")
    until(elsewhere, f"{CHART}?.scales.x.min < {at} && {at} < {CHART}?.scales.x.max")


def test_on_the_dashboard_a_point_leads_to_its_devices_page(board: Board, new_page: NewPage) -> None:
    at = ten_minutes(board, "mixer")[30]
    page = open_chart(new_page(), two_url(board, "mixer"))
    click_point(page, at)
    talk_about_it = popover(page).get_by_role("link", name="Talk about it")
    expect(popover(page)).to_contain_text("mixer · temperature")
    address = talk_about_it.get_attribute("href") or ""
    path, _, picked = address.rpartition("~")
    assert path == "/two/device/mixer/?window=15m#about=temperature"
    assert abs(int(picked) - at) <= STEP_MS  # the chart may move on before the click
    talk_about_it.click()
    page.wait_for_url(f"**{address}")
    expect(chip(page)).to_contain_text(re.compile(r"mixer · temperature 2\d\s°C at \d"))
    expect(page.locator("#chat-message-input")).to_be_focused()
    page.keyboard.press("Enter")  # without a word: the chip's
    expect(page.locator(".message-text")).to_have_text(re.compile(r"mixer · temperature 2\d\s°C at \d"))
    expect(page.locator(".message .moment")).to_have_count(1)
    expect(pins(page)).to_have_count(1)


def test_a_point_is_chosen_by_keyboard(board: Board, new_page: NewPage) -> None:
    ten_minutes(board, "lathe")
    page, other = (open_chart(new_page(), device_url(board, "lathe")) for _ in range(2))
    canvas, line = page.locator("#iot-chart"), page.locator("[data-part=walk]").first
    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Tab")
    expect(canvas).to_be_focused()
    expect(line).to_contain_text("Arrow keys")
    page.keyboard.press("ArrowLeft")
    newest = line.inner_text()
    assert re.match(r"lathe · temperature 2\d\s°C at \d", newest)
    page.keyboard.press("ArrowLeft")
    expect(line).not_to_have_text(newest)
    chosen = line.inner_text()
    page.keyboard.press("Enter")
    expect(chip(page)).to_contain_text(chosen)
    page.keyboard.type("by hand")
    page.keyboard.press("Enter")
    expect(message(page, "by hand")).to_have_attribute("data-state", "sent")
    expect(pins(other)).to_have_count(1, timeout=SOON_MS)
    pins(other).focus()
    other.keyboard.press("Enter")
    expect(popover(other).locator(".said-link")).to_be_focused()
    other.keyboard.press("Enter")
    expect(message(other, "by hand")).to_be_focused()


def test_a_popover_that_went_with_its_chart_lets_others_open(board: Board, new_page: NewPage) -> None:
    now = now_ms()
    for metric in ("load", "speed"):
        board.send_past("crane", range(now - 10 * MINUTE_MS, now, STEP_MS), metric)
    page = open_chart(new_page(), device_url(board, "crane"))
    panels = page.locator(".chart-panel")
    expect(panels).to_have_count(2)
    for metric in ("load", "speed"):
        page.evaluate(PICK, {"device": "crane", "metric": metric, "at": now - 5 * MINUTE_MS})
        say(page, metric)
    expect(pins(page)).to_have_count(2)
    panels.last.locator(".pin").click()
    expect(popover(page)).to_be_visible()
    panels.last.evaluate("panel => panel.remove()")  # as of a line that is not there any more
    expect(popover(page)).to_have_count(0)
    pins(page).hover()
    expect(popover(page)).to_be_visible()


def test_pins_of_a_members_only_room_are_for_members(site: ChatSite, board: Board, new_page: NewPage) -> None:
    times = ten_minutes(board, "vault")
    ten_minutes(board, "yard")
    site.make_members_room("device-vault", MEMBER)
    mia, eve = new_page(), new_page()
    site.log_in(mia, MEMBER)
    site.log_in(eve, OUTSIDER)
    hers = open_chart(new_page(like=mia), two_url(board, "vault"))
    door = open_chart(new_page(like=eve), device_url(board, "vault"))
    expect(door.get_by_text("Its room is for its members.")).to_be_visible()
    expect(door.locator("[data-part=region], [data-part=tabs]")).to_have_count(0)
    open_chart(eve, two_url(board, "vault", "yard"))
    talk(open_chart(mia, device_url(board, "vault")), times[15], "only for us")
    expect(pins(hers)).to_have_count(1, timeout=SOON_MS)
    # What comes after it, and may be seen: by then the other would have been there.
    talk(open_chart(mia, device_url(board, "yard")), times[45], "for everybody")
    expect(pins(eve)).to_have_count(1, timeout=SOON_MS)
    expect(pins(door)).to_have_count(0)
    for page in (eve, door):
        with page.expect_response(re.compile("/two/moments/")) as answer:
            page.reload()
        assert "only for us" not in answer.value.text()
        page.wait_for_selector(LIVE)
        until(page, f"{POINTS} > 0")
    expect(pins(eve)).to_have_count(1)
    expect(pins(door)).to_have_count(0)
    pins(eve).click()
    expect(popover(eve).locator(".said-link")).to_have_text(f"{MEMBER} for everybody")
    hers.reload()
    expect(pins(hers)).to_have_count(1)


def test_where_the_room_is_closed_the_chart_offers_no_talk(site: ChatSite, board: Board, new_page: NewPage) -> None:
    at = ten_minutes(board, "safe")[20]
    site.make_members_room("device-safe", MEMBER)
    page = new_page()
    site.log_in(page, OUTSIDER)
    open_chart(page, device_url(board, "safe"))
    page.evaluate("document.addEventListener('moment', () => (document.title = 'picked'))")
    line = page.locator("[data-part=walk]").first
    click_point(page, at)
    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Tab")
    expect(line).to_have_text("Arrow keys walk over the readings.")
    page.keyboard.press("ArrowLeft")
    expect(line).to_have_text(re.compile(r"safe · temperature 2\d\s°C at \d"))
    page.keyboard.press("Enter")
    assert page.title() != "picked"
    expect(popover(page)).to_be_hidden()


def test_an_alarm_is_seen_by_all_until_it_is_over_and_says_who_knows_of_it(
    site: ChatSite, board: Board, new_page: NewPage
) -> None:
    board.send("kiln", temperature=60)
    boss, ben = new_page(), new_page()
    add_rule(site, boss, "kiln", 70)
    site.log_in(ben, OTHER)
    open_live(boss, device_url(board, "kiln"))
    open_live(ben, two_url(board, "kiln"))
    assert all(strip(page).is_hidden() for page in (boss, ben))
    board.send("kiln", temperature=80)
    for page in (boss, ben):
        expect(strip(page)).to_be_visible(timeout=SOON_MS)
        expect(strip(page).locator(".alarm")).to_have_text(re.compile(r"kiln\s+temperature above 70 °C\s+80\s°C"))
        until(page, f"{BANDS}.map(({{cleared}}) => cleared).join() === '' && {BANDS}.length === 1")
        expect(page.locator(".chart-panel[data-alarm]")).to_have_count(1)
    expect(ben.locator(".device-card[data-alarm]")).to_contain_text("temperature above 70 °C")
    expect(strip(ben).get_by_role("link", name="kiln")).to_have_attribute("href", "/two/device/kiln/?window=15m")
    ben.get_by_role("button", name="5 min", exact=True).click()
    expect(strip(ben).get_by_role("link", name="Room")).to_have_attribute("href", "/two/device/kiln/?window=5m#room")
    said = boss.locator(".message", has=boss.locator(".alarm-mark[data-state=raised]"))
    expect(said).to_contain_text("telemetry")
    expect(said).to_contain_text("Raised: temperature above 70 °C · 80 °C")
    expect(said.locator(".moment")).to_have_count(1)
    ben.get_by_role("button", name="Acknowledge: temperature above 70 °C").click()
    for page in (boss, ben):
        expect(strip(page)).to_contain_text(f"acknowledged by {OTHER}", timeout=SOON_MS)
        expect(strip(page).get_by_role("button", name=re.compile("^Acknowledge"))).to_have_count(0)
    expect(strip(ben).get_by_role("link", name="kiln")).to_be_focused()
    known = boss.locator(".message", has=boss.locator(".alarm-mark[data-state=acknowledged]"))
    expect(known.locator(".message-name")).to_have_text(OTHER)
    board.send("kiln", temperature=60)
    for page in (boss, ben):
        expect(strip(page)).to_be_hidden(timeout=SOON_MS)
        expect(page.locator(".chart-panel[data-alarm], .device-card[data-alarm]")).to_have_count(0)
        until(page, f"{BANDS}.length === 1 && {BANDS}[0].cleared > {BANDS}[0].raised")


def end_alarm(board: Board, page: Page, device: str) -> None:
    """The only one: others would stand on the pages of other tests."""
    board.send(device, temperature=60)
    expect(strip(page)).to_be_hidden(timeout=SOON_MS)


def test_who_is_too_late_hears_it_while_the_alarm_is_there(site: ChatSite, board: Board, new_page: NewPage) -> None:
    board.send("stove", temperature=60)
    page = new_page(is_refused=True)
    add_rule(site, page, "stove", 70)
    open_live(page, two_url(board, "stove"))
    over = {"error": {"code": "cleared", "detail": "This alarm is over already."}}
    page.route("**/acknowledge/", lambda route: route.fulfill(status=409, json=over))
    board.send("stove", temperature=80)
    page.get_by_role("button", name="Acknowledge: temperature above 70 °C").click(timeout=SOON_MS)
    problem = strip(page).get_by_role("alert")
    expect(problem).to_have_text("This alarm is over already.")
    end_alarm(board, page, "stove")
    board.send("stove", temperature=80)
    expect(strip(page)).to_be_visible(timeout=SOON_MS)
    expect(problem).to_have_count(0)
    end_alarm(board, page, "stove")


def test_a_guest_takes_note_under_the_name_chosen_in_the_room(site: ChatSite, board: Board, new_page: NewPage) -> None:
    board.send("mill", temperature=60)
    add_rule(site, new_page(), "mill", 70)
    guest = open_live(new_page(), device_url(board, "mill"))
    guest.get_by_role("button", name="change").click()
    guest.locator("[data-part=rename] [name=username]").fill("Zoé")
    guest.keyboard.press("Enter")
    board.send("mill", temperature=80)
    guest.get_by_role("button", name="Acknowledge: temperature above 70 °C").click(timeout=SOON_MS)
    expect(strip(guest)).to_contain_text("acknowledged by Zoé", timeout=SOON_MS)
    end_alarm(board, guest, "mill")


def test_who_takes_note_in_a_room_for_members_is_named_there_alone(
    site: ChatSite, board: Board, new_page: NewPage
) -> None:
    board.send("quarry", temperature=60)
    site.make_members_room("device-quarry", MEMBER)
    boss, mia, wall = new_page(), new_page(), open_live(new_page(), two_url(board, "quarry"))
    add_rule(site, boss, "quarry", 70)
    site.log_in(mia, MEMBER)
    open_live(boss, two_url(board, "quarry"))
    open_live(mia, device_url(board, "quarry"))
    board.send("quarry", temperature=80)
    boss.get_by_role("button", name="Acknowledge: temperature above 70 °C").click(timeout=SOON_MS)
    for page in (boss, mia, wall):
        expect(strip(page).locator(".alarm-known")).to_have_text("acknowledged", timeout=SOON_MS)
    known = mia.locator(".message", has=mia.locator(".alarm-mark[data-state=acknowledged]"))
    expect(known.locator(".message-name")).to_have_text(STAFF)
    end_alarm(board, wall, "quarry")


def test_who_has_to_log_in_to_acknowledge_is_told_where(site: ChatSite, board: Board, new_page: NewPage) -> None:
    board.send("still", temperature=60)
    add_rule(site, new_page(), "still", 70)
    site.make_members_room("device-still", MEMBER)
    page = open_live(new_page(is_refused=True), two_url(board, "still"))
    board.send("still", temperature=80)
    page.get_by_role("button", name="Acknowledge: temperature above 70 °C").click()
    problem = strip(page).get_by_role("alert")
    expect(problem).to_have_text("Log in first. Log in")
    problem.get_by_role("link", name="Log in").click()
    page.get_by_label("Username").fill(MEMBER)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Log in").click()
    page.wait_for_url(two_url(board, "still"))
    page.get_by_role("button", name="Acknowledge: temperature above 70 °C").click()
    expect(strip(page).locator(".alarm-known")).to_have_text("acknowledged", timeout=SOON_MS)
    end_alarm(board, page, "still")


def open_wall(page: Page, board: Board, device: str, query: str = "") -> Page:
    page.goto(two_url(board, device, query=f"kiosk=1{query}"))
    page.wait_for_selector(LIVE, state="attached")
    return page


def test_a_wall_shows_alarms_first_and_asks_for_sound_in_its_address(
    site: ChatSite, board: Board, new_page: NewPage
) -> None:
    board.send("oven", temperature=60)
    add_rule(site, new_page(), "oven", 200)
    wall = open_wall(new_page(), board, "oven")
    board.send("oven", temperature=300)
    expect(strip(wall).locator(".alarm")).to_be_visible(timeout=SOON_MS)
    boxes = [wall.locator(part).first.bounding_box() for part in ("[data-part=alarms]", ".chart-panel", ".device-card")]
    tops = [box["y"] for box in boxes if box]
    assert len(tops) == 3
    assert tops[0] == min(tops)
    switch = wall.get_by_role("button", name="Sound")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    until(wall, "location.search.includes('sound=1')")
    board.send("oven", temperature=60)
    expect(strip(wall).locator(".alarm")).to_have_count(0, timeout=SOON_MS)


def listen(page: Page) -> list[str]:
    """What of sound begins on a page, and when an alarm is there. To ask the page would count as touching it."""
    heard: list[str] = []
    page.add_init_script(LISTEN)
    page.on("console", lambda message: heard.append(message.text))
    return heard


def wait_for(page: Page, heard: list[str], what: str) -> None:
    if what not in heard:
        page.wait_for_event("console", lambda message: message.text == what, timeout=5000)


def test_an_alarm_sounds_where_that_was_asked_for_and_somebody_touched_the_page(
    site: ChatSite, board: Board, new_page: NewPage
) -> None:
    board.send("forge", temperature=60)
    add_rule(site, new_page(), "forge", 200)
    touched, untouched, silent = new_page(), new_page(), new_page()
    heard = {page: listen(page) for page in (touched, untouched, silent)}
    for page, query in ((touched, "&sound=1"), (untouched, "&sound=1"), (silent, "")):
        page.goto(two_url(board, "forge", query=f"kiosk=1{query}"))
        wait_for(page, heard[page], "live")
    for page in (touched, silent):
        page.mouse.click(3, 3)
    assert all("context" not in sounds for sounds in heard.values())
    board.send("forge", temperature=300)
    for page in heard:
        wait_for(page, heard[page], "alarm")
    wait_for(touched, heard[touched], "tone")
    assert "context" in heard[touched]
    untouched.wait_for_timeout(QUIET_MS)
    assert {"context", "tone"}.isdisjoint(heard[untouched])
    untouched.mouse.click(3, 3)
    wait_for(untouched, heard[untouched], "tone")
    assert {"context", "tone"}.isdisjoint(heard[silent])


def test_on_a_phone_chart_and_room_are_two_tabs_of_one_page(board: Board, new_page: NewPage) -> None:
    at = ten_minutes(board, "pump")[30]
    page = open_chart(new_page(360), device_url(board, "pump"))
    chart, room = page.locator("#chart"), page.locator("#room")
    expect(chart).to_be_visible()
    expect(room).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    click_point(page, at)
    expect(room).to_be_visible()
    expect(chart).to_be_hidden()
    say(page, "from my pocket")
    expect(message(page, "from my pocket")).to_have_attribute("data-state", "sent")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    message(page, "from my pocket").locator(".moment").click()
    expect(chart).to_be_visible()
    expect(pins(page)).to_have_count(1)
    page.get_by_role("tab", name="Room").click()
    until(page, "location.hash === '#room'")
    other = open_live(new_page(360), page.url)
    expect(other.get_by_role("tab", name="Room")).to_have_attribute("aria-selected", "true")
    expect(other.locator("#room")).to_be_visible()
    expect(other.locator("#chart")).to_be_hidden()
    linked = open_live(new_page(360), device_url(board, "pump", "#message-1"))
    expect(linked.locator("#chart")).to_be_hidden()
    expect(message(linked, "from my pocket")).to_be_focused()
    expect(message(linked, "from my pocket")).to_be_in_viewport()


def test_with_its_message_a_pin_goes_too(site: ChatSite, board: Board, new_page: NewPage) -> None:
    times = ten_minutes(board, "press")
    mia, boss = open_chart(new_page(), device_url(board, "press")), new_page()
    site.log_in(boss, STAFF)
    open_chart(boss, device_url(board, "press"))
    for place, text in ((15, "wrong"), (45, "right")):
        talk(mia, times[place], text)
    other = open_chart(new_page(), two_url(board, "press"))
    for page in (mia, other):
        expect(pins(page)).to_have_count(2)
    message(boss, "wrong").hover()
    delete = message(boss, "wrong").locator(".message-delete")
    delete.click()
    delete.click()
    for page in (mia, other, boss):
        expect(pins(page)).to_have_count(1, timeout=SOON_MS)
        expect(message(page, "wrong")).to_have_count(0)
    other.reload()
    expect(pins(other)).to_have_count(1)
    pins(other).click()
    expect(popover(other).locator(".said-text")).to_have_text("right")
