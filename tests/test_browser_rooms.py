"""Who may be in a room, and what staff do with it, in a real Chromium."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import AWAY, NewPage, open_live
from tests.chat_site import MEMBER, OTHER, OUTSIDER, PASSWORD, STAFF, ChatSite, chat_site, say

pytestmark = [pytest.mark.browser, pytest.mark.server]
DIALOG = "[data-part=room-dialog]"
ROW = ".room-row"


@pytest.fixture(scope="module")
def site() -> Iterator[ChatSite]:
    with chat_site() as site:
        yield site


def open_dialog(page: Page) -> Page:
    page.get_by_role("button", name="Settings", exact=True).click()
    expect(page.locator(DIALOG)).to_be_visible()
    return page


def row(page: Page, room: str) -> Locator:
    return page.locator(ROW, has=page.get_by_text(room, exact=True))


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_accounts_and_doors_fit(site: ChatSite, new_page: NewPage, width: int, scheme: str) -> None:
    site.make_members_room(f"doors {width} {scheme} {'x' * 40}", MEMBER)
    page = new_page(width=width, color_scheme=scheme, is_refused=True)
    for path in ("/accounts/signup/", "/accounts/login/"):
        page.goto(site.url + path)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    site.log_in(page, OUTSIDER)
    page.goto(site.room_url(f"doors {width} {scheme} {'x' * 40}"))
    expect(page.locator("h1")).to_contain_text("is for its members")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_members_room_is_for_members_and_staff(site: ChatSite, new_page: NewPage) -> None:
    site.make_members_room("operations", MEMBER)
    member = site.enter(new_page(), MEMBER, "operations")
    say(member, "the pump is on")
    expect(member.locator(".message[data-state=sent]")).to_have_count(1)
    staff = site.enter(new_page(), STAFF, "operations")
    expect(staff.locator("#chat-log")).to_contain_text("the pump is on")
    outsider = site.log_in(new_page(is_refused=True), OUTSIDER)
    answer = outsider.goto(site.room_url("operations"))
    assert answer is not None
    assert answer.status == 403
    expect(outsider.locator("h1")).to_contain_text("is for its members")
    expect(outsider.locator("main")).not_to_contain_text("pump")
    anonymous = new_page()
    anonymous.goto(site.room_url("operations"))
    expect(anonymous).to_have_url(re.compile(r"/accounts/login/\?next=/chat/operations/"))


def test_the_list_shows_a_members_room_to_members_alone(site: ChatSite, new_page: NewPage) -> None:
    site.make_members_room("vault", MEMBER)
    member = open_live(site.log_in(new_page(), MEMBER), f"{site.url}/chat/")
    expect(row(member, "vault").get_by_role("img", name="Members only")).to_be_visible()
    outsider = open_live(site.log_in(new_page(), OUTSIDER), f"{site.url}/chat/")
    expect(row(outsider, "vault")).to_have_count(0)


def test_who_is_removed_has_to_leave_at_once(site: ChatSite, new_page: NewPage) -> None:
    site.make_members_room("crew", MEMBER, OTHER)
    member, other = (site.enter(new_page(is_refused=True), name, "crew") for name in (MEMBER, OTHER))
    staff = open_dialog(site.enter(new_page(), STAFF, "crew"))
    staff.get_by_role("button", name=f"Remove {MEMBER}").click()
    expect(member.locator(AWAY)).to_contain_text("not open to you", timeout=3000)
    expect(staff.get_by_role("button", name=f"Remove {MEMBER}")).to_have_count(0)
    staff.get_by_role("button", name="Done").click()
    say(staff, "only for those who are left")
    expect(other.locator("#chat-log")).to_contain_text("only for those who are left")
    expect(member.locator("#chat-log")).not_to_contain_text("only for those who are left")
    member.reload()
    expect(member.locator("h1")).to_contain_text("is for its members")


def test_staff_add_a_member_by_name(site: ChatSite, new_page: NewPage) -> None:
    site.make_members_room("guild")
    staff = open_dialog(site.enter(new_page(is_refused=True), STAFF, "guild"))
    expect(staff.get_by_text("Nobody yet.")).to_be_visible()
    staff.get_by_label("Add an account").fill("no-such-person")
    staff.keyboard.press("Enter")
    expect(staff.locator("[data-part=room-members-problem]")).to_contain_text("Nobody here has this name.")
    staff.get_by_label("Add an account").fill(OTHER)
    staff.keyboard.press("Enter")
    expect(staff.get_by_role("button", name=f"Remove {OTHER}")).to_be_visible()
    expect(staff.locator("[data-part=room-members-problem]")).to_be_hidden()
    other = site.enter(new_page(), OTHER, "guild")
    expect(other.locator("h1")).to_have_text("guild")


def test_making_a_room_members_only_closes_it_to_who_is_there(site: ChatSite, new_page: NewPage) -> None:
    guest = open_live(new_page(), site.room_url("plaza"))
    member = site.enter(new_page(), MEMBER, "plaza")
    staff = open_dialog(site.enter(new_page(), STAFF, "plaza"))
    staff.get_by_label("Add an account").fill(MEMBER)
    staff.keyboard.press("Enter")
    expect(staff.get_by_role("button", name=f"Remove {MEMBER}")).to_be_visible()
    staff.get_by_label("Members only").check()
    expect(guest).to_have_url(re.compile("/accounts/login/"), timeout=5000)
    expect(staff.get_by_label("Members only")).to_be_focused()
    staff.get_by_role("button", name="Done").click()
    say(staff, "among ourselves")
    expect(member.locator("#chat-log")).to_contain_text("among ourselves")


def test_an_invitation_makes_a_member_until_it_ends(site: ChatSite, new_page: NewPage) -> None:
    site.make_members_room("club")
    staff = open_dialog(site.enter(new_page(), STAFF, "club"))
    staff.get_by_role("button", name="Make a link").click()
    link = staff.get_by_label("Invitation link")
    expect(link).to_have_value(re.compile(r"/chat/join/[^/]+/$"))
    expect(staff.get_by_role("button", name="Copy", exact=True)).to_be_focused()
    url = link.input_value()
    anonymous = new_page()
    anonymous.goto(url)
    expect(anonymous).to_have_url(re.compile("/accounts/login/"))
    guest = site.log_in(new_page(is_refused=True), OTHER)
    guest.goto(url)
    expect(guest.locator("h1")).to_contain_text("You are invited to club")
    guest.get_by_role("button", name="Join").click()
    expect(guest).to_have_url(site.room_url("club"))
    guest.goto(url)
    expect(guest.locator("h1")).to_contain_text("You are a member of club")
    staff.get_by_role("button", name="End the link").click()
    expect(link).to_be_hidden()
    expect(staff.get_by_role("button", name="Make a link")).to_be_focused()
    answer = guest.goto(url)
    assert answer is not None
    assert answer.status == 404


def test_logging_out_in_another_tab_leads_to_the_login_page(site: ChatSite, new_page: NewPage) -> None:
    page = site.enter(new_page(), MEMBER, "lobby")
    other_tab = new_page(like=page)
    other_tab.goto(f"{site.url}/chat/")
    other_tab.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=%2Fchat%2Flobby%2F"), timeout=5000)


def test_a_renamed_room_keeps_its_people_and_what_was_said(site: ChatSite, new_page: NewPage) -> None:
    member = site.enter(new_page(), MEMBER, "old name")
    say(member, "before")
    expect(member.locator(".message[data-state=sent]")).to_have_count(1)
    staff = open_dialog(site.enter(new_page(is_refused=True), STAFF, "old name"))
    staff.get_by_label("Name", exact=True).fill("a/b")
    staff.keyboard.press("Enter")
    expect(staff.locator("[data-part=room-rename-problem]")).to_contain_text("Letters")
    site.make_members_room("taken")
    staff.get_by_label("Name", exact=True).fill("Taken")
    staff.keyboard.press("Enter")
    expect(staff.locator("[data-part=room-rename-problem]")).to_contain_text(re.compile("name"))
    staff.get_by_label("Name", exact=True).fill("新名")
    staff.keyboard.press("Enter")
    for page in (member, staff):
        expect(page.locator("h1")).to_have_text("新名", timeout=15000)
        expect(page).to_have_url(site.room_url("新名"))
        page.wait_for_selector(".lamp[data-state=open]", timeout=15000)
    staff.get_by_role("button", name="Done").click()
    say(staff, "after")
    expect(member.locator("#chat-log")).to_contain_text("after")
    expect(member.locator("#chat-log")).to_contain_text("before")
    member.reload()
    expect(member.locator("#chat-log")).to_contain_text("after")


def test_in_a_read_only_room_nobody_writes(site: ChatSite, new_page: NewPage) -> None:
    member = site.enter(new_page(), MEMBER, "notices")
    say(member, "last word")
    staff = open_dialog(site.enter(new_page(), STAFF, "notices"))
    expect(staff.locator("#chat-log")).to_contain_text("last word")
    staff.get_by_label("Read-only").check()
    expect(member.locator("#chat-message-input")).to_be_hidden()
    expect(member.locator("[data-part=attach]")).to_be_hidden()
    expect(member.locator("#chat-log")).to_contain_text("last word")
    member.reload()
    expect(member.locator("#chat-message-input")).to_be_hidden()
    staff.get_by_label("Read-only").uncheck()
    expect(member.locator("#chat-message-input")).to_be_visible()
    say(member, "one more")
    expect(staff.locator("#chat-log")).to_contain_text("one more")


def test_only_staff_have_the_dialog(site: ChatSite, new_page: NewPage) -> None:
    member = site.enter(new_page(), MEMBER, "lobby")
    expect(member.get_by_role("button", name="Settings", exact=True)).to_have_count(0)
    expect(member.locator(DIALOG)).to_have_count(0)


def test_what_is_unread_is_counted_live_and_gone_after_a_visit(site: ChatSite, new_page: NewPage) -> None:
    member = site.enter(new_page(), MEMBER, "news")
    other = site.enter(new_page(), OTHER, "news")
    say(other, "one")
    expect(member.locator("#chat-log")).to_contain_text("one")
    member.wait_for_timeout(500)
    open_live(member, f"{site.url}/chat/")
    expect(row(member, "news").locator(".room-unread")).to_be_hidden()
    row(member, "news").evaluate("node => { globalThis.row = node; }")
    say(other, "two")
    say(other, "three")
    badge = row(member, "news").locator(".room-unread")
    expect(badge).to_have_text(re.compile("^2"), timeout=6000)
    expect(row(member, "news")).to_contain_text("ben three")
    assert member.evaluate("row.isConnected"), "a click between two frames would be lost"
    member.reload()
    expect(badge).to_have_text(re.compile("^2"))
    home = open_live(new_page(like=member), site.url)
    expect(row(home, "news").locator(".room-unread")).to_have_text(re.compile("^2"))
    row(member, "news").click()
    expect(member.locator("#chat-log")).to_contain_text("three")
    member.wait_for_timeout(500)
    member.go_back()
    expect(badge).to_be_hidden()


def test_signing_up_makes_an_account_and_leads_back(site: ChatSite, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{site.url}/accounts/login/?next=/chat/lobby/")
    page.locator("main").get_by_role("link", name="Sign up").click()
    for name, password in ((MEMBER.upper(), PASSWORD), ("nina", "123")):
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_label("Password confirmation").fill(password)
        page.locator("main").get_by_role("button", name="Sign up").click()
        expect(page.locator(".errorlist").first).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign up").click()
    expect(page).to_have_url(f"{site.url}/chat/lobby/")
    expect(page.locator(".site-user")).to_have_text("nina")
    expect(page.locator("[data-part=username]")).to_have_text("nina")


def test_the_admin_works_under_the_pages_policy(site: ChatSite, new_page: NewPage) -> None:
    """Its console stays empty (`new_page` sees to that), and what needs its scripts works."""
    page = site.log_in(new_page(), STAFF, "/admin/")
    for path in (
        "auth/user/",
        "auth/user/add/",
        "two/device/",
        "threechat/room/",
        "threechat/message/",
    ):
        page.goto(f"{site.url}/admin/{path}")
        expect(page.locator("#content h1")).to_be_visible()
    page.goto(f"{site.url}/admin/threechat/room/add/")
    page.get_by_role("button", name="Add another Member").click()
    expect(page.locator("#id_membership_set-0-user")).to_be_visible()
