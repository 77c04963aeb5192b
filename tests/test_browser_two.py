"""The dashboard in a real Chromium, with devices that really send."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.board import Board, now_ms
from tests.browser import LIVE, NewPage, open_live, until
from tests.servers import Server, manage, new_folder, new_token, prepare, running

pytestmark = [pytest.mark.browser, pytest.mark.server]
STAFF, PASSWORD = "boss", "only-for-tests-1"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
FIRST = "Chart.getChart('iot-chart')"
CHARTS = "[...document.querySelectorAll('canvas')].map(canvas => Chart.getChart(canvas)).filter(Boolean)"


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    folder = new_folder()
    prepare(folder)
    token = new_token(folder)
    staff = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD, "DATA_DIR": str(folder)}
    manage("createsuperuser", "--noinput", "--username", STAFF, "--email", "boss@example.org", **staff)
    server = Server("uvicorn", folder)
    with running(server):
        yield Board(folder, server.wait_until_ready(), token)


def lengths(page: Page) -> list[int]:
    """How many points each line of the first chart has."""
    return list(page.evaluate(f"{FIRST}.data.datasets.map(({{data}}) => data.length)"))


def card(page: Page, name: str) -> Any:
    return page.locator(".device-card", has=page.get_by_role("link", name=name, exact=True))


def drag(page: Page, start: float, end: float) -> None:
    """Over the first chart, between two parts of its width."""
    box = page.locator("#iot-chart").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], y, steps=6)
    page.mouse.up()


def range_of(page: Page) -> tuple[int, int]:
    low, high = page.evaluate(f"[{FIRST}.scales.x.min, {FIRST}.scales.x.max]")
    return int(low), int(high)


class Door:
    """Between the page and its sockets: lets them through, or not."""

    def __init__(self, page: Page) -> None:
        self.is_open = True
        self._sockets: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/ws/two/"), self._pass)

    def _pass(self, socket: WebSocketRoute) -> None:
        if not self.is_open:
            socket.close(code=1013)
            return
        socket.connect_to_server()
        self._sockets.append(socket)

    def shut(self) -> None:
        self.is_open = False
        while self._sockets:
            self._sockets.pop().close(code=1012)


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_dashboard_with_devices_fits(board: Board, new_page: NewPage, width: int, scheme: str) -> None:
    board.send("boiler with a name that is really long", temperature=61.5, pressure=1.4, flow=12)
    page = open_live(new_page(width=width, color_scheme=scheme), board.url)
    expect(page.locator(".device-card").nth(2)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("window", "name"), [("1h", "1 h"), ("24h", "24 h"), ("7d", "7 d"), ("30d", "30 d")])
def test_each_window_is_fetched_and_a_spike_stays_visible(
    board: Board, new_page: NewPage, window: str, name: str
) -> None:
    spans = {"1h": HOUR_MS, "24h": 24 * HOUR_MS, "7d": 168 * HOUR_MS, "30d": 720 * HOUR_MS}
    device, span, now = f"long-{window}", spans[window], now_ms()
    step = span // 1500
    board.send_past(device, range(now - span + step, now - step, step))
    board.send(device, now - span // 2 + 1, temperature=500)
    page = open_live(new_page(), f"{board.url}?device={device}")
    page.get_by_role("button", name=name, exact=True).click()
    until(page, f"location.search.includes('window={window}')")
    until(page, f"{FIRST}.data.datasets[0]?.data.length > 100")
    assert lengths(page)[0] <= 1200
    highest = "Math.max(...(({points: p}) => p.high.slice(0, p.length))(Chart.getChart('iot-chart').data.datasets[0]))"
    until(page, f"{highest} === 500")
    low, high = range_of(page)
    assert high - low == span


def test_a_new_device_and_a_new_metric_appear_on_the_open_page(board: Board, new_page: NewPage) -> None:
    page = open_live(new_page(), board.url)
    board.send("newcomer", voltage_volts=3.3)
    expect(card(page, "newcomer")).to_contain_text("3.3 V")
    board.send("newcomer", weight_grams=72)
    expect(card(page, "newcomer")).to_contain_text("72 g")
    until(page, f"{CHARTS}.flatMap(c => c.data.datasets).filter(d => /newcomer|weight_grams/.test(d.label)).length > 0")


def test_after_a_reconnect_the_window_is_whole_again(board: Board, new_page: NewPage) -> None:
    page = new_page()
    door = Door(page)
    board.send("steady", temperature=20)
    open_live(page, f"{board.url}?device=steady")
    until(page, f"{FIRST}?.data.datasets[0]?.data.length === 1")
    door.shut()
    page.get_by_role("button", name="Retry now").press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for _ in range(5):
        board.send("steady", temperature=21)
    assert lengths(page) == [1]
    door.is_open = True
    page.wait_for_selector(LIVE, timeout=20_000)
    until(page, f"{FIRST}?.data.datasets[0]?.data.length === 6")


def test_a_tab_that_was_hidden_fetches_its_window_again(board: Board, new_page: NewPage) -> None:
    page = open_live(new_page(), board.url)
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => window.isHidden})")
    turn = "isHidden = {}; document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(turn.format("true"))
    drawn = page.evaluate(f"{FIRST}.scales.x.max")
    page.wait_for_timeout(500)
    assert page.evaluate(f"{FIRST}.scales.x.max") == drawn  # nothing is drawn for nobody
    with page.expect_request(re.compile("/two/readings/")):
        page.evaluate(turn.format("false"))
    until(page, f"{FIRST}.scales.x.max > {drawn + 500}")


def test_pause_loses_nothing(board: Board, new_page: NewPage) -> None:
    board.send("paused", temperature=20)
    page = open_live(new_page(), f"{board.url}?device=paused")
    until(page, f"{FIRST}.data.datasets[0].data.length === 1")
    page.get_by_role("button", name="Pause").click()
    until(page, f"{FIRST}.scales.x.max === Number(new URLSearchParams(location.search).get('paused'))")
    held = range_of(page)
    page.get_by_text("The charts as a table").click()
    expect(page.locator("[data-part=value-rows] tr")).to_have_count(1)
    page.evaluate("row = document.querySelector('[data-part=value-rows] tr')")
    for value in (21, 22, 23):
        board.send("paused", temperature=value)
    expect(page.get_by_text(re.compile(r"Paused \d\d:\d\d:\d\d · \d+ waiting"))).to_be_visible()
    expect(card(page, "paused")).to_contain_text("23 °C")
    assert (lengths(page), range_of(page)) == ([1], held)
    assert page.evaluate("row.isConnected"), "who reads the table would lose the place"
    again = open_live(new_page(), page.url)
    until(again, f"{FIRST}.data.datasets[0]?.data.length === 1")
    page.get_by_role("button", name="Resume").click()
    until(page, f"{FIRST}.data.datasets[0].data.length === 4")
    until(page, "location.search === '?device=paused'")


def test_dragging_zooms_shift_moves_and_the_address_keeps_it(board: Board, new_page: NewPage) -> None:
    now = now_ms()
    board.send_past("zoomed", range(now - HOUR_MS, now, 1000))
    page = open_live(new_page(), f"{board.url}?device=zoomed&window=1h")
    until(page, f"{FIRST}.data.datasets[0]?.points?.slotMs > 0")
    drag(page, 0.5, 0.6)
    until(page, f"{FIRST}.data.datasets[0].points.slotMs === 0")  # single readings again
    until(page, "location.search.includes('from=')")
    low, high = (int(at) for at in re.findall(r"(?:from|to)=(\d+)", page.url))
    assert range_of(page) == (low, high)
    assert 4 * MINUTE_MS < high - low < 10 * MINUTE_MS
    until(open_live(new_page(), page.url), f"{FIRST}.scales.x.min === {low} && {FIRST}.scales.x.max === {high}")
    page.keyboard.down("Shift")
    drag(page, 0.3, 0.7)
    page.keyboard.up("Shift")
    moved, end = range_of(page)
    assert moved < low
    assert abs((end - moved) - (high - low)) <= 2
    page.get_by_role("button", name="Back to live").click()
    until(page, "!location.search.includes('from=')")
    until(page, f"{FIRST}.scales.x.max > {now}")


def test_the_same_by_buttons_for_those_without_a_mouse(board: Board, new_page: NewPage) -> None:
    page = open_live(new_page(), board.url)
    page.get_by_role("button", name="Zoom in").press("Enter")
    until(page, f"{FIRST}.scales.x.max - {FIRST}.scales.x.min === {MINUTE_MS // 2}")
    _low, high = range_of(page)
    page.get_by_role("button", name="Earlier").press("Enter")
    until(page, f"{FIRST}.scales.x.max === {high - MINUTE_MS // 4}")
    page.get_by_role("button", name="Later").press("Enter")
    page.get_by_role("button", name="Zoom out").press("Enter")
    until(page, f"{FIRST}.scales.x.max - {FIRST}.scales.x.min === {MINUTE_MS}")


def test_a_line_is_switched_off_in_the_legend_and_stays_so_in_the_link(board: Board, new_page: NewPage) -> None:
    board.send("pair", left_volts=1, right_volts=2)
    page = open_live(new_page(), f"{board.url}?device=pair")
    left = page.get_by_role("button", name=re.compile("^left_volts"))
    expect(left).to_have_attribute("aria-pressed", "true")
    left.click()
    expect(left).to_have_attribute("aria-pressed", "false")
    hidden = f"{FIRST}.data.datasets.map(({{hidden}}) => hidden).join()"
    until(page, f"{hidden} === 'true,false'")
    again = open_live(new_page(), page.url)
    until(again, f"{hidden} === 'true,false'")


def test_each_unit_has_its_own_chart(board: Board, new_page: NewPage) -> None:
    board.send("units", temperature=20, outside_celsius=5, power=700)
    page = open_live(new_page(), f"{board.url}?device=units")
    labels = f"JSON.stringify({CHARTS}.map(chart => chart.data.datasets.map(({{label}}) => label)))"
    until(page, f"""{labels} === '[["outside_celsius","temperature"],["power"]]'""")


def test_times_are_right_in_the_viewers_zone_though_the_viewers_clock_is_an_hour_off(
    board: Board, new_page: NewPage
) -> None:
    board.send("punctual", temperature=20)
    page = new_page(timezone_id="Asia/Kolkata", locale="en-GB")
    page.add_init_script("{ const now = Date.now; Date.now = () => now() + 3_600_000; }")
    open_live(page, f"{board.url}?device=punctual")
    until(page, f"{FIRST}.data.datasets[0]?.data.length === 1")
    assert abs(range_of(page)[1] - now_ms()) < 5_000
    expect(card(page, "punctual")).to_contain_text(re.compile("just now|[3-9] s ago"))
    page.get_by_role("button", name="Pause").click()
    minutes = {time.strftime("%H:%M", time.gmtime(time.time() + 5.5 * 3600 - ago)) for ago in (0, 5)}
    expect(page.locator("[data-part=pause-label]")).to_contain_text(re.compile(f"Paused ({'|'.join(minutes)})"))


def test_an_outage_is_a_gap(board: Board, new_page: NewPage) -> None:
    now = now_ms()
    board.send_past("flaky", range(now - 50_000, now - 35_000, 1000))
    board.send_past("flaky", range(now - 15_000, now, 1000))
    page = open_live(new_page(), f"{board.url}?device=flaky")
    until(page, f"{FIRST}.data.datasets[0]?.data.length === 30")
    segments = f"{FIRST}.getDatasetMeta(0).dataset.segments.length"
    assert page.evaluate(segments) == 2
    path = card(page, "flaky").locator("path").get_attribute("d")
    assert path.count("M") == 2


def test_a_device_whose_clock_is_ahead_freezes_nothing(board: Board, new_page: NewPage) -> None:
    board.send("hasty", now_ms() + 7_000, temperature=19)
    board.send("hasty", now_ms() + 2 * MINUTE_MS, temperature=20)
    page = open_live(new_page(), f"{board.url}?device=hasty")
    expect(card(page, "hasty")).to_contain_text("ahead")
    expect(page.get_by_text("its clock is").first).to_be_visible()
    before = range_of(page)[1]
    assert abs(before - now_ms()) < 5_000
    until(page, f"{FIRST}.scales.x.max > {before + 1000}")
    expect(page.get_by_text("its clock is").first).to_be_hidden(timeout=9_000)  # the first one's time has come


def test_a_card_tells_latest_window_and_age_and_goes_grey_when_silent(board: Board, new_page: NewPage) -> None:
    now = now_ms()
    board.send_past("lively", range(now - 160_000, now, 4000))
    board.send_past("mute", range(now - 5 * MINUTE_MS, now - 4 * MINUTE_MS, 1000))
    page = open_live(new_page(), f"{board.url}?window=5m")
    lively, mute = card(page, "lively"), card(page, "mute")
    expect(lively).to_have_attribute("data-state", "online")
    expect(lively).to_contain_text(re.compile(r"2\d\s°C"))
    expect(lively).to_contain_text("min 20 · mean 22 · max 24")
    expect(mute).to_have_attribute("data-state", "silent")
    expect(mute).to_contain_text("silent for 4 min")
    expect(lively).to_have_attribute("data-state", "silent", timeout=14_000)


def test_an_empty_window_says_when_there_was_something_and_shows_it(board: Board, new_page: NewPage) -> None:
    board.send("rare", now_ms() - 3 * HOUR_MS, temperature=20)
    page = open_live(new_page(), f"{board.url}?device=rare&window=5m")
    expect(page.get_by_text("Nothing in 5 min. Last reading 3 h ago")).to_be_visible()
    page.get_by_role("button", name="Show it").click()
    until(page, f"{FIRST}.data.datasets[0].data.length === 1")
    expect(page.get_by_text("Nothing in")).to_be_hidden()


def test_everything_is_in_a_table_too(board: Board, new_page: NewPage) -> None:
    now = now_ms()
    board.send_past("spoken", range(now - 20_000, now, 1000))
    page = open_live(new_page(), f"{board.url}?device=spoken")
    page.get_by_text("The charts as a table").click()
    row = page.get_by_role("row", name=re.compile("spoken · temperature"))
    expect(row).to_contain_text(re.compile(r"2\d\s°C.*20\s°C22\s°C24\s°C"))
    expect(page.locator("[data-part=value-rows] tr")).to_have_count(20)
    values = page.locator("[data-part=value-rows] tr").first.locator("td")
    expect(values).to_have_count(2)  # single readings have no bounds


def test_devices_are_chosen_by_their_cards(board: Board, new_page: NewPage) -> None:
    for device in ("choice-a", "choice-b", "choice-c"):
        board.send(device, co2=500)
    page = open_live(new_page(), board.url)
    card(page, "choice-a").get_by_role("button", name="Only this").click()
    expect(page.locator("#iot-chart")).to_be_in_viewport()
    card(page, "choice-b").get_by_role("button", name="Add").click()
    until(page, "location.search === '?device=choice-a&device=choice-b'")
    labels = f"{FIRST}.data.datasets.map(({{label}}) => label).join()"
    until(page, f"{labels} === 'choice-a,choice-b'")
    card(page, "choice-a").get_by_role("button", name="Leave out").click()
    expect(page.get_by_text(re.compile(r"1 of \d+ devices chosen"))).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    until(page, "location.search === ''")


def test_a_chart_has_at_most_24_lines_and_says_how_to_see_others(board: Board, new_page: NewPage) -> None:
    board.send_all([{"device": f"herd-{number}", "values": {"illuminance": number}} for number in range(30)])
    page = open_live(new_page(), board.url)
    expect(page.get_by_text(re.compile(r"Showing \d+ of \d+ lines\."))).to_be_visible()
    until(page, f"Math.max(...{CHARTS}.map(chart => chart.data.datasets.length)) === 24")


def test_csv_holds_the_shown_range_and_devices(board: Board, new_page: NewPage) -> None:
    now = now_ms()
    board.send("sheet", now - 10 * MINUTE_MS, temperature=1)
    board.send("sheet", now - 1000, temperature=2)
    page = open_live(new_page(), f"{board.url}?device=sheet")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0] == "device,metric,unit,at,datetime,value"
    assert [line.split(",")[0] for line in lines[1:]] == ["sheet"]


def test_a_kiosk_shows_only_the_picture_and_takes_a_new_version_by_itself(board: Board, new_page: NewPage) -> None:
    page = new_page(is_refused=True)
    door = Door(page)
    page.goto(f"{board.url}?kiosk=1")
    page.wait_for_selector(LIVE, state="attached")
    expect(page.locator("#iot-chart")).to_be_visible()
    for part in (".toolbar", ".site-nav", ".wire", ".page-about"):
        expect(page.locator(part)).to_be_hidden()
    expect(page.locator(".page-head")).to_have_css("width", "1px")  # its heading is for who hears it
    answers = iter([503])
    page.route("**/two/version/", lambda route: route.fulfill(status=next(answers, 200), json={"version": "another"}))
    door.shut()
    expect(page.locator(".pill")).to_be_visible()
    with page.expect_navigation(timeout=25_000):
        door.is_open = True
    page.wait_for_selector(LIVE, state="attached")
    page.evaluate("window.isOld = true")
    door.shut()
    door.is_open = True
    page.wait_for_selector(LIVE, state="attached", timeout=20_000)
    page.wait_for_timeout(6_000)
    assert page.evaluate("window.isOld")  # the same version is not taken twice


def test_a_kiosk_leaves_out_charts_without_a_reading(board: Board, new_page: NewPage) -> None:
    board.send("walls", now_ms() - 3 * HOUR_MS, temperature=20)
    board.send("walls", now_ms() - 4 * MINUTE_MS, power=5)
    titles = "[...document.querySelectorAll('.chart-title')].map(({textContent}) => textContent).join()"
    url = f"{board.url}?device=walls&window=5m"
    until(open_live(new_page(), url), f"{titles} === 'walls · power,walls · temperature'")
    page = new_page()
    page.goto(f"{url}&kiosk=1")
    until(page, f"{titles} === 'walls · power'")


def test_a_view_token_opens_the_page_its_socket_and_its_past(new_page: NewPage, board: Board) -> None:
    token = new_token(board.folder, "view")
    board.send("walled", temperature=20)
    server = Server("uvicorn", board.folder, LOGIN_REQUIRED="1")
    with running(server):
        server.wait_until_ready()
        page = open_live(new_page(), f"{server.url}/two/?view={token}&device=walled")
        until(page, f"{FIRST}.data.datasets[0]?.data.length === 1")
        page.get_by_role("button", name="5 min", exact=True).click()
        until(page, "location.search.includes('window=5m')")
        assert f"view={token}" in page.url
        card(page, "walled").get_by_role("link", name="walled").click()
        page.wait_for_selector(LIVE)
        expect(page.locator("h1")).to_have_text("walled")
        page.get_by_role("link", name="All devices").click()
        page.wait_for_selector(LIVE)
        page.close()  # before its server ends


def test_a_device_has_a_page_with_its_metrics_its_room_and_how_to_send(board: Board, new_page: NewPage) -> None:
    board.send("heater", temperature=20, power=900)
    page = open_live(new_page(), f"{board.server.url}/two/device/heater/")
    expect(page.locator("h1")).to_have_text("heater")
    until(page, f"{CHARTS}.length === 2")
    board.send("heater", temperature=25)
    until(page, f"{CHARTS}.some(chart => chart.data.datasets[0].data.at(-1).y === 25)")
    expect(page.get_by_role("link", name="heater", exact=True)).to_have_attribute("href", "/chat/device-heater/")
    expect(page.locator(".example").first).to_contain_text("curl")


def test_a_silent_devices_page_says_so_though_the_random_feed_comes_along(board: Board, new_page: NewPage) -> None:
    now = now_ms()
    board.send_past("quiet", range(now - 5 * MINUTE_MS, now - 4 * MINUTE_MS, 1000))
    page = open_live(new_page(), f"{board.server.url}/two/device/quiet/")
    expect(page.locator(".device-heard")).to_have_text("silent for 4 min")


def log_in(page: Page, board: Board) -> Page:
    page.goto(f"{board.server.url}/accounts/login/?next=/two/")
    page.locator("input[name=username]").fill(STAFF)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(LIVE)
    return page


def add_device(page: Page, name: str) -> None:
    page.get_by_role("button", name="+ Add a device").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")


def test_staff_add_a_device_and_see_its_token_once(board: Board, new_page: NewPage) -> None:
    page = log_in(new_page(), board)
    expect(page.get_by_role("link", name="Admin")).to_have_attribute("href", "/admin/")
    add_device(page, "Tea kettle")
    token = page.locator("[data-part=token]")
    expect(token).to_have_text(re.compile(r"\S{20,}"))
    expect(page.locator(".example").first).to_contain_text(token.inner_text())
    page.keyboard.press("Escape")
    expect(token).to_be_visible()
    page.get_by_role("button", name="Done").click()
    expect(card(page, "Tea kettle")).to_contain_text("nothing yet")
    expect(token).to_have_text("")
    add_device(page, "Tea kettle")
    expect(page.get_by_text("There is a device of that name already.")).to_be_visible()


def test_a_token_is_shown_though_its_dialog_was_closed_and_copied_though_the_page_came_over_plain_http(
    board: Board, new_page: NewPage
) -> None:
    page = new_page()
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    log_in(page, board)
    asked: list[Route] = []

    def hold_back(route: Route) -> None:
        if route.request.method == "POST":
            asked.append(route)
        else:
            route.continue_()

    page.route("**/two/devices/", hold_back)
    with page.expect_request(lambda request: request.method == "POST"):
        add_device(page, "Milk pan")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    asked.pop().continue_()
    token = page.locator("[data-part=token]")
    expect(token).to_be_visible()
    text = token.inner_text()
    page.locator("[data-part=token-copy]").click()
    expect(page.locator("[data-part=token-copy]")).to_have_text("Copied")
    expect(page.locator("[data-part=token-copy]")).to_be_focused()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="+ Add a device").click()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("Name", exact=True)).to_have_value(text)


def test_nobody_else_is_offered_to_add_devices(board: Board, new_page: NewPage) -> None:
    page = open_live(new_page(), board.url)
    expect(page.get_by_role("button", name="+ Add a device")).to_have_count(0)
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)
