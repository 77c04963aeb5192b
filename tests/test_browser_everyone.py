"""Pages are for everyone: axe-core finds nothing, the keyboard reaches every control, and one may zoom in.

Every page, in either theme.
"""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.board import Board, now_ms
from tests.browser import LIVE, NewPage, open_live
from tests.chat_site import OUTSIDER, STAFF, ChatSite, chat_site, say
from tests.servers import new_token

pytestmark = [pytest.mark.browser, pytest.mark.server]
OF_GUESTS = [
    "/",
    "/one/",
    "/two/",
    "/two/?kiosk=1",
    "/two/device/boiler/",
    "/two/device/boiler/?window=15m",
    "/chat/",
    "/chat/room1/",
    "/chat/nobody-was-here/",
    "/learn/one/",
    "/learn/two/",
    "/learn/threechat/",
    "/accounts/login/",
    "/accounts/signup/",
    "/nowhere/",
]
OF_STAFF = ["/", "/two/", "/two/device/boiler/", "/two/device/boiler/rules/", "/chat/", "/chat/room1/"]
RULE = """
from two.models import Metric, Rule
metric = Metric.objects.get(device__slug="boiler", name="temperature")
Rule.objects.create(metric=metric, kind="above", threshold=10)
Rule.objects.create(metric=metric, kind="above", threshold=90)
"""

# What somebody may click, and the keyboard has to reach; of tabs it reaches one, arrows do the rest.
CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex='0']"
TABBED = f"""[...document.querySelectorAll("{CONTROLS}")].filter(
  (one) => !one.disabled && one.ariaSelected !== "false" && one.checkVisibility({{ visibilityProperty: true }})
)"""
NOTE_FOCUS = f"""() => {{
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const {{ outlineStyle, outlineWidth }} = style;
  const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return [{TABBED}.indexOf(one), isSeen || one === document.body, one.outerHTML.slice(0, 120)];
}}"""
SCROLLERS = 20  # at most, and the page itself: they are reached too, to be scrolled
ZOOMED = 320  # CSS pixels: 1280 at 400 %, https://www.w3.org/TR/WCAG22/#reflow


@pytest.fixture(scope="module")
def site() -> Iterator[ChatSite]:
    with chat_site() as site:
        token = new_token(site.folder)
        board = Board(site.folder, site.server, token)
        board.send_past("boiler", range(now_ms() - 300_000, now_ms(), 5_000))
        board.send_past("oven", range(now_ms() - 300_000, now_ms() - 200_000, 5_000), "humidity")
        site.run(RULE)
        board.send("boiler", temperature=60)
        site.make_members_room("operations", STAFF)
        yield site


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def visit(page: Page, url: str) -> None:
    """Until it is live, where it is a live page."""
    page.goto(url)
    if page.locator("[data-part=lamp]").count():
        page.wait_for_selector(LIVE, state="attached")


def look(page: Page) -> dict[str, list[str]]:
    """What axe has against the page, by rule."""
    found = Axe().run(page).response["violations"]
    return {
        rule["id"]: [f"{node['html'][:160]} | {node['failureSummary']}" for node in rule["nodes"]] for rule in found
    }


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_is_wrong_with_what_guests_see(site: ChatSite, new_page: NewPage, scheme: str, width: int) -> None:
    page = new_page(width=width, color_scheme=scheme, is_refused=True)
    talk(open_live(page, site.url + "/chat/room1/"))
    wrong = {}
    for path in OF_GUESTS:
        visit(page, site.url + path)
        wrong[path] = look(page)
    site.log_in(page, OUTSIDER)
    page.goto(site.room_url("operations"))
    wrong["a room that is for members"] = look(page)
    assert {path: found for path, found in wrong.items() if found} == {}


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_is_wrong_with_what_staff_see(site: ChatSite, new_page: NewPage, scheme: str, width: int) -> None:
    page = new_page(width=width, color_scheme=scheme)
    site.log_in(page, STAFF)
    wrong = {}
    for path in OF_STAFF:
        visit(page, site.url + path)
        wrong[path] = look(page)
    page.get_by_role("button", name="Settings", exact=True).click()
    expect(page.locator("[data-part=room-dialog]")).to_be_visible()
    wrong["the settings of a room"] = look(page)
    open_live(page, site.url + "/two/").get_by_role("button", name="Add a device").click()
    wrong["adding a device"] = look(page)
    page.goto(site.url + "/two/device/boiler/rules/")
    page.get_by_role("link", name="Change").first.click()
    wrong["a rule"] = look(page)
    assert {path: found for path, found in wrong.items() if found} == {}


def talk(page: Page) -> None:
    say(page, "Look at https://example.com/, it is warm.")
    expect(page.locator(".message[data-state=sent]").last).to_be_visible()


@pytest.mark.parametrize("path", OF_GUESTS)
def test_the_keyboard_reaches_everything_and_shows_where_it_is(site: ChatSite, new_page: NewPage, path: str) -> None:
    page = new_page(is_refused=True)
    visit(page, site.url + path)
    page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
    all_of_them = page.evaluate(f"{TABBED}.map((one) => one.outerHTML.slice(0, 120))")
    reached = set()
    for _ in range(len(all_of_them) + SCROLLERS):
        page.keyboard.press("Tab")
        at, is_seen, what = page.evaluate(NOTE_FOCUS)
        assert is_seen, f"no outline: {what}"
        reached.add(at)
    assert [what for at, what in enumerate(all_of_them) if at not in reached] == []


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_no_page_has_to_be_scrolled_sideways_at_400_percent(site: ChatSite, new_page: NewPage, locale: str) -> None:
    page = new_page(width=ZOOMED, locale=locale, is_refused=True)
    for path in OF_GUESTS:
        page.goto(site.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= ZOOMED, path
