"""Messages about a moment: over the socket, to whom they are shown, and until when."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.urls import reverse

from examplechannels.broadcast import broadcast
from examplechannels.close_codes import NOT_A_MEMBER
from examplechannels.ticker import slot_start_ms
from tests.sockets import next_of, opened
from threechat.history import history_page
from threechat.models import Membership, Message, Room
from threechat.pins import MAX_TEXT_CHARACTERS
from threechat.rechecks import rechecks
from threechat.tests.cast import CLOSED, client_of, make_cast, socket_of
from two.live import PINS
from two.models import AccessToken
from two.nanoseconds import NS_PER_MS
from two.recorder import recorder
from two.samples import AHEAD_NS, Sample

pytestmark = [pytest.mark.usefixtures("fanout", "nothing_left"), pytest.mark.django_db(transaction=True)]
NOW_MS = time.time_ns() // NS_PER_MS
HOUR_MS = 3_600_000
MOMENT = {"device": "boiler", "metric": "temperature", "at": NOW_MS}
CHAT = "/ws/chat/device-boiler/"
PAGE = "/ws/two/?device=attic&events=all"  # of all devices


@pytest.fixture(autouse=True)
async def boiler(transactional_db: None, nothing_left: None) -> None:
    samples = [Sample("boiler", "temperature", NOW_MS * NS_PER_MS, 71.2), Sample("oven", "heat", None, 1.0)]
    await recorder.record(samples)
    await recorder.close()


async def say(member: Any, about: Any, **more: Any) -> Any:
    """Its echo, or the error."""
    await member.send_json_to({"message": "look", "about": about, **more})
    return await member.receive_json_from(timeout=5)


async def page_of(user: User | None, path: str = PAGE) -> Any:
    return await (socket_of(await sync_to_async(client_of)(user), path) if user else opened(path))


async def test_a_message_about_a_moment_says_so_to_everybody_and_in_history() -> None:
    member, other = await opened(CHAT), await opened(CHAT)
    echo = await say(member, {**MOMENT, "zoom": 3})
    assert echo["about"] == MOMENT
    assert await other.receive_json_from(timeout=5) == echo
    room = await Room.objects.aget()
    [kept] = (await sync_to_async(history_page)(room, None, None, 50))["messages"]
    assert kept == echo
    await member.send_json_to({"message": "about nothing", "about": None})
    assert "about" not in await member.receive_json_from(timeout=5)
    for client in (member, other):
        await client.disconnect()


NO_MOMENTS: list[Any] = [
    {**MOMENT, "device": "toaster"},
    {**MOMENT, "device": ""},
    {**MOMENT, "device": "Boiler"},
    {**MOMENT, "device": "boiler\0"},
    {**MOMENT, "device": "\ud800"},
    {**MOMENT, "device": "x" * 10_000},
    {**MOMENT, "device": ["boiler"]},
    {**MOMENT, "device": None},
    {**MOMENT, "metric": "pressure"},
    {**MOMENT, "metric": "heat"},
    {**MOMENT, "metric": "temperature\0"},
    {**MOMENT, "metric": 5},
    {**MOMENT, "at": float(NOW_MS)},
    {**MOMENT, "at": NOW_MS + 0.5},
    {**MOMENT, "at": True},
    {**MOMENT, "at": str(NOW_MS)},
    {**MOMENT, "at": None},
    {**MOMENT, "at": [NOW_MS]},
    {**MOMENT, "at": 10**400},
    {**MOMENT, "at": -(10**400)},
    {**MOMENT, "at": 2**63},
    {**MOMENT, "at": -1},
    {**MOMENT, "at": 0},
    {**MOMENT, "at": float("inf")},
    {**MOMENT, "at": NOW_MS + AHEAD_NS // NS_PER_MS + HOUR_MS},
    {**MOMENT, "at": NOW_MS - 25 * HOUR_MS},
    {"device": "boiler", "metric": "temperature"},
    {"device": "boiler", "at": NOW_MS},
    {"metric": "temperature", "at": NOW_MS},
    {},
    [],
    [MOMENT],
    "boiler",
    5,
    True,
    False,
    {"device": "random", "metric": "value", "at": 10**400},
    {"device": "random", "metric": "value", "at": -(10**400)},
    {"device": "random", "metric": "value", "at": NOW_MS - 2 * HOUR_MS},
    {"device": "random", "metric": "value", "at": NOW_MS + HOUR_MS},
    {"device": "random", "metric": "cpu", "at": NOW_MS},
]


async def test_a_moment_that_is_none_is_told_its_sender_and_nothing_is_stored() -> None:
    for about in NO_MOMENTS:
        member = await opened(CHAT)  # each a guest of its own, for nobody may send so much
        error = await say(member, about, client_id="id-1")
        assert (error["type"], error.get("code"), error.get("client_id")) == ("error", "bad-about", "id-1"), about
        await member.send_json_to({"type": "image", "media_url": "/chat/media/x", "about": about})
        error = await member.receive_json_from(timeout=5)
        assert error["code"] in {"bad-about", "upload-over-http"}, about
        assert await Message.objects.acount() == 0
        await member.disconnect()
    member = await opened(CHAT)
    assert (await say(member, MOMENT, client_id="id-1"))["about"] == MOMENT
    await member.disconnect()


@pytest.mark.parametrize(
    "about",
    [
        MOMENT,
        {**MOMENT, "at": NOW_MS + AHEAD_NS // NS_PER_MS - 10_000},
        {**MOMENT, "at": NOW_MS - 24 * HOUR_MS},  # before the first reading, as the middle of a bucket may be
        {"device": "random", "metric": "value", "at": slot_start_ms(NOW_MS // 2000 - 10)},
    ],
)
async def test_any_moment_from_a_day_before_the_first_reading_on_can_be_talked_about(about: Any) -> None:
    member, page = await opened("/ws/chat/lobby/"), await opened(PAGE)  # and in any room
    assert (await say(member, about))["about"] == about
    pin = (await next_of(page, "pin"))["pin"]
    assert {key: pin[key] for key in ("device", "metric", "at", "until", "room")} == {
        **about,
        "until": about["at"],
        "room": "lobby",
    }
    for client in (member, page):
        await client.disconnect()


async def test_a_pin_shows_who_said_what_and_of_long_texts_the_beginning() -> None:
    member, page = await opened(CHAT), await opened(PAGE)
    await member.send_json_to({"message": "ö" * 1_000, "about": MOMENT, "username": "mia"})
    echo = await next_of(member, "text")
    pin = (await next_of(page, "pin"))["pin"]
    assert pin["message"] == {
        "id": echo["id"],
        "type": "text",
        "username": "mia",
        "text": "ö" * MAX_TEXT_CHARACTERS,
        "datetime": echo["datetime"],
    }
    for client in (member, page):
        await client.disconnect()


async def test_a_resend_makes_no_second_pin() -> None:
    member, page = await opened(CHAT), await opened(PAGE)
    first = await say(member, MOMENT, username="mia", client_id="id-1")
    assert await say(member, {**MOMENT, "at": NOW_MS + 1}, username="mia", client_id="id-1") == first
    assert await say(member, {**MOMENT, "device": "gone"}, username="mia", client_id="id-1") == first
    assert (await next_of(page, "pin"))["pin"]["at"] == NOW_MS
    assert await page.receive_nothing()
    assert await Message.objects.exclude(about_at=None).acount() == 1
    for client in (member, page):
        await client.disconnect()


async def test_who_did_not_ask_for_events_gets_no_pin() -> None:
    member, simple = await opened(CHAT), await opened("/ws/two/?device=attic")
    await say(member, MOMENT)
    assert await simple.receive_nothing()
    for client in (member, simple):
        await client.disconnect()


async def test_a_message_about_nothing_is_no_pin() -> None:
    member, page = await opened(CHAT), await opened(PAGE)
    await say(member, None)
    assert await page.receive_nothing()
    for client in (member, page):
        await client.disconnect()


@pytest.mark.parametrize("is_closed", [False, True])
async def test_a_deleted_message_is_unpinned_where_it_was_seen(is_closed: bool) -> None:
    cast = await sync_to_async(make_cast)()
    path = f"/ws/chat/{CLOSED if is_closed else 'device-boiler'}/"
    member = await page_of(cast.member, path)
    staff, outsider, guest = [await page_of(user) for user in (cast.staff, cast.outsider, None)]
    echo = await say(member, MOMENT)
    plain = await say(member, None)

    @sync_to_async
    def delete(number: int) -> int:
        return client_of(cast.staff).delete(f"{path.removeprefix('/ws')}messages/{number}/").status_code

    assert [await delete(number) for number in (plain["id"], echo["id"], echo["id"])] == [204, 204, 404]
    seen = [staff] if is_closed else [staff, outsider, guest]
    for page in seen:
        assert (await page.receive_json_from(timeout=5))["type"] == "pin"
        gone = {"type": "unpin", "room": CLOSED if is_closed else "device-boiler", "id": echo["id"]}
        assert await page.receive_json_from(timeout=5) == gone
    for page in (staff, outsider, guest):
        assert await page.receive_nothing()
    assert await Message.objects.exclude(about_at=None).acount() == 0
    assert not await Message.objects.exclude(about_device="", about_metric="").aexists()
    for client in (member, staff, outsider, guest):
        await client.disconnect()


async def test_pins_of_a_room_for_members_come_to_members_and_staff_alone() -> None:
    cast = await sync_to_async(make_cast)()
    member = await page_of(cast.member, f"/ws/chat/{CLOSED}/")
    insiders = [await page_of(user) for user in (cast.member, cast.staff)]
    others = [await page_of(user) for user in (cast.outsider, None)]
    await say(member, MOMENT)
    for page in insiders:
        assert (await next_of(page, "pin"))["pin"]["room"] == CLOSED
    for page in (*insiders, *others):
        assert await page.receive_nothing()
    for client in (member, *insiders, *others):
        await client.disconnect()


async def test_a_pin_is_one_event_however_many_may_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = await sync_to_async(make_cast)()
    member = await page_of(cast.member, f"/ws/chat/{CLOSED}/")
    published: list[Any] = []
    real = broadcast.publish

    def publish(*what: Any) -> None:
        published.append(what)
        real(*what)

    monkeypatch.setattr(broadcast, "publish", publish)
    await say(member, MOMENT)
    pins = [what for what in published if what[0] == PINS]
    assert [(pin["type"], to) for _, pin, to in pins] == [("pin", (str(cast.staff.pk), str(cast.member.pk)))]
    await member.disconnect()


async def test_a_wall_hears_nothing_that_people_say_where_one_has_to_log_in(settings: Any) -> None:
    settings.LOGIN_REQUIRED = True
    cast = await sync_to_async(make_cast)()
    view = await sync_to_async(AccessToken.issue)(AccessToken.Scope.VIEW)
    wall, page = await opened(f"{PAGE}&view={view}"), await page_of(cast.outsider)
    member = await page_of(cast.member, CHAT)
    await say(member, MOMENT)
    assert (await next_of(page, "pin"))["pin"]["room"] == "device-boiler"
    assert await wall.receive_nothing()
    for client in (wall, page, member):
        await client.disconnect()


async def deactivate(user: User) -> None:
    user.is_active = False
    await user.asave()


async def change_password(user: User) -> None:
    user.set_password("another one")
    await user.asave()


async def end_session(user: User) -> None:
    await Session.objects.all().adelete()
    rechecks.catch_up()  # as every 30 s


@pytest.mark.parametrize("end", [deactivate, change_password, end_session])
async def test_a_page_hears_nothing_by_an_account_whose_session_is_over(end: Callable[..., Any]) -> None:
    cast = await sync_to_async(make_cast)()
    page = await page_of(cast.member)
    await end(cast.member)
    assert await page.receive_output(timeout=5) == {"type": "websocket.close", "code": 1012}
    assert await page.receive_nothing()
    await page.disconnect()


async def test_logging_out_ends_what_a_page_hears_by_the_account() -> None:
    cast = await sync_to_async(make_cast)()
    client = await sync_to_async(client_of)(cast.member)
    page, other = await socket_of(client, PAGE), await page_of(cast.member)
    await sync_to_async(client.logout)()
    assert await page.receive_output(timeout=5) == {"type": "websocket.close", "code": 1012}
    assert await other.receive_nothing()
    for one in (page, other):
        await one.disconnect()


async def test_a_session_that_ends_while_its_page_comes_in_closes_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = await sync_to_async(make_cast)()

    async def end_meanwhile(selection: Any) -> list[str]:
        await change_password(cast.member)
        while not any(socket.outlet.closed for socket in rechecks._sockets):  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)
        return []

    monkeypatch.setattr("two.consumers.last_readings", end_meanwhile)
    page = await page_of(cast.member)
    assert await page.receive_output(timeout=5) == {"type": "websocket.close", "code": 1012}
    assert await page.receive_nothing()
    await page.disconnect()


async def test_who_is_no_member_any_more_gets_no_pins_though_the_page_is_open() -> None:
    cast = await sync_to_async(make_cast)()
    staff = await page_of(cast.staff, f"/ws/chat/{CLOSED}/")
    page = await page_of(cast.member)
    await say(staff, MOMENT)
    assert (await next_of(page, "pin"))["pin"]["room"] == CLOSED
    await (await Membership.objects.aget(user=cast.member)).adelete()
    await say(staff, MOMENT)
    assert await page.receive_nothing()
    for client in (staff, page):
        await client.disconnect()


async def test_who_may_not_enter_a_room_pins_nothing_from_it() -> None:
    cast = await sync_to_async(make_cast)()
    outsider = await page_of(cast.outsider, f"/ws/chat/{CLOSED}/")
    assert await outsider.receive_output(timeout=5) == {"type": "websocket.close", "code": NOT_A_MEMBER}
    await outsider.send_json_to({"message": "look", "about": MOMENT})
    assert await Message.objects.acount() == 0
    await outsider.disconnect()


async def open_to_all(room: Room) -> None:
    room.members_only = False
    await room.asave()


async def delete(room: Room) -> None:
    await room.adelete()


@pytest.mark.parametrize("change", [open_to_all, delete])
async def test_pages_look_again_when_a_room_opens_closes_or_goes(change: Callable[..., Any]) -> None:
    cast = await sync_to_async(make_cast)()
    page = await opened(PAGE)
    await change(cast.room)
    assert (await page.receive_json_from(timeout=5))["type"] == "catch_up"
    await page.disconnect()


async def test_pages_do_not_look_again_when_a_room_only_becomes_read_only() -> None:
    cast = await sync_to_async(make_cast)()
    await User.objects.filter(pk=cast.staff.pk).aupdate(is_superuser=True)
    staff = await sync_to_async(client_of)(cast.staff)
    page = await opened(PAGE)
    path = reverse("admin:threechat_room_change", args=[cast.room.pk])
    form = {"name": CLOSED, "members_only": "on", "read_only": "on"}
    form |= {"membership_set-TOTAL_FORMS": "0", "membership_set-INITIAL_FORMS": "0"}
    assert (await sync_to_async(staff.post)(path, form)).status_code == 302
    await cast.room.arefresh_from_db()
    assert (cast.room.read_only, cast.room.members_only) == (True, True)
    assert await page.receive_nothing()
    del form["members_only"]
    assert (await sync_to_async(staff.post)(path, form)).status_code == 302
    assert (await page.receive_json_from(timeout=5))["type"] == "catch_up"
    await page.disconnect()


@pytest.mark.parametrize(
    "name", ["telemetry", "Telemetry", "tеlеmеtrу", "telemetry\u200b", "telemetry.", "te-le metry ✓"]
)
async def test_nobody_is_called_telemetry(name: str) -> None:
    guest = await opened(CHAT)
    assert (await say(guest, MOMENT, username=name))["code"] == "name-taken"
    await guest.disconnect()
