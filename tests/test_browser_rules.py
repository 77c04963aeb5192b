"""The alarm rules of a device in a real Chromium: staff make, change and delete them; others are kept out."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.board import Board
from tests.browser import NewPage
from tests.chat_site import OUTSIDER, STAFF, ChatSite, chat_site
from tests.servers import new_token, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.server]
METRIC = "temperature (°C)"


def rules_path(device: str) -> str:
    return f"/two/device/{device}/rules/"


@pytest.fixture(scope="module")
def site() -> Iterator[ChatSite]:
    with chat_site() as site:
        token = new_token(site.folder)
        board = Board(site.folder, site.server, token)
        for device in ("boiler", "kettle", "vault"):
            board.send(device, temperature=60)
        yield site


def field(page: Page, label: str) -> Locator:
    """A field of the form with all that is said of it."""
    return page.locator(".field", has=page.get_by_label(label, exact=True))


def fill(page: Page, threshold: str, condition: str = "above") -> None:
    page.get_by_label("Metric").select_option(label=METRIC)
    page.get_by_label("Condition").select_option(label=condition)
    page.get_by_label("Threshold").fill(threshold)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_staff_add_a_rule_change_it_switch_it_off_and_delete_it(site: ChatSite, new_page: NewPage) -> None:
    page = new_page()
    site.log_in(page, STAFF, "/two/device/boiler/")
    page.get_by_role("link", name="Alarm rules").click()
    expect(page.get_by_text("No rules yet")).to_be_visible()
    fill(page, "70")
    page.get_by_label("For seconds").fill("60")
    press(page, "Add")
    name, phase = page.locator(".rule-name"), page.locator(".rule-phase")
    expect(name).to_have_text("temperature above 70 °C for 60 s")
    expect(phase).to_have_text("clear")
    expect(page).to_have_url(re.compile(r"/rules/#rule-\d+$"))

    page.get_by_role("link", name="Change").click()
    expect(page.get_by_label("Metric")).to_be_disabled()
    page.get_by_label("Threshold").fill("75.5")
    press(page, "Save")
    expect(name).to_have_text("temperature above 75.5 °C for 60 s")

    page.get_by_role("link", name="Change").click()
    page.get_by_label("Enabled").uncheck()
    press(page, "Save")
    expect(phase).to_have_text("off")

    page.get_by_role("link", name="Change").click()
    expect(page.get_by_label("Enabled")).not_to_be_checked()
    expect(page.get_by_role("button", name="Delete it")).to_be_hidden()
    page.get_by_text("Delete this rule").click()
    press(page, "Delete it")
    expect(page.get_by_text("No rules yet")).to_be_visible()


@pytest.mark.parametrize(
    ("label", "value", "says"),
    [
        ("Threshold", "", "This condition needs a threshold."),
        ("For seconds", "-1", "Between 0 and 86,400 seconds, which are a day."),
        ("Hysteresis", "-2", "A finite number, 0 or more."),
        ("Webhook", "https://192.168.0.1/hook", "private"),
        ("Webhook", "no address", "http"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_the_rest_is_kept(
    site: ChatSite, new_page: NewPage, label: str, value: str, says: str
) -> None:
    page = new_page()
    site.log_in(page, STAFF, rules_path("kettle"))
    fill(page, "71", "below")
    page.get_by_label(label, exact=True).fill(value)
    press(page, "Add")
    wrong = page.locator("[aria-invalid=true]")
    expect(wrong).to_have_count(1)
    expect(page.locator(".errorlist")).to_have_count(1)
    expect(field(page, label).locator(".errorlist")).to_contain_text(says)
    expect(wrong).to_have_value(value)
    expect(wrong).to_have_accessible_description(re.compile(re.escape(says)))
    expect(page.get_by_label("Condition")).to_have_value("below")
    expect(page.locator(".rule-name")).to_have_count(0)


def test_silence_asks_for_neither_threshold_nor_hysteresis(site: ChatSite, new_page: NewPage) -> None:
    page = new_page()
    site.log_in(page, STAFF, rules_path("kettle"))
    for condition, count in (("silent", 0), ("rate", 1)):
        page.get_by_label("Condition").select_option(value=condition)
        for label in ("Threshold", "Hysteresis"):
            expect(page.get_by_label(label).filter(visible=True)).to_have_count(count)


def test_staff_send_a_test_to_a_webhook_and_see_what_became_of_it(site: ChatSite, new_page: NewPage) -> None:
    page = new_page()
    site.log_in(page, STAFF, rules_path("vault"))
    fill(page, "70")
    page.get_by_label("Webhook").fill("https://nobody.invalid/alarms")
    press(page, "Add")
    expect(page.locator(".rule-webhook")).to_contain_text("Nothing was sent yet.")
    page.get_by_role("link", name="Change").click()
    press(page, "Send a test")
    said, again = page.locator(".rule-webhook"), page.get_by_role("link", name="Look again")

    def is_over() -> bool:
        if again.is_visible():
            again.click()
        return "The test failed: " in said.inner_text()

    wait_until(is_over, 15, "what became of the test")
    expect(said.locator("time")).to_contain_text("UTC")
    expect(again).to_have_count(0)


def test_others_have_no_rules_to_see(site: ChatSite, new_page: NewPage) -> None:
    eve = new_page(is_refused=True)
    site.log_in(eve, OUTSIDER, "/two/device/vault/")
    expect(eve.get_by_role("link", name="Alarm rules")).to_have_count(0)
    eve.goto(site.url + rules_path("vault"))
    expect(eve.get_by_role("heading", name="This page is not for you")).to_be_visible()
    expect(eve.locator("form.panel, .rule")).to_have_count(0)


def test_who_is_not_logged_in_comes_to_the_rules_by_the_login_page(site: ChatSite, new_page: NewPage) -> None:
    page = new_page()
    page.goto(site.url + rules_path("vault"))
    expect(page).to_have_url(f"{site.url}/accounts/login/?next={rules_path('vault')}")
    site.log_in(page, STAFF, rules_path("vault"))
    expect(page.get_by_role("heading", name="Alarm rules")).to_be_visible()
