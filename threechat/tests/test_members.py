"""Who may be in a room: on its page, on its socket, and from one moment to the next."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client

from examplechannels.close_codes import LOG_IN, NOT_A_MEMBER
from tests.sockets import HOST, next_of, opened, socket
from threechat.access import RENAMED
from threechat.badges import Badge, Verdict, verdict_on
from threechat.models import Membership, Room
from threechat.rechecks import rechecks
from threechat.tests.cast import CLOSED, ORIGIN, Cast, client_of, cookie_of, make_cast, person_of, say

pytestmark = [pytest.mark.usefixtures("fanout", "nothing_left"), pytest.mark.django_db(transaction=True)]
PATH = f"/ws/chat/{CLOSED}/"
PAGE = f"/chat/{CLOSED}/"


@pytest.fixture
async def cast(transactional_db: None) -> Cast:
    return await sync_to_async(make_cast)()


async def close_code(client: Any) -> int:
    """The code that the socket was closed with; what came before is passed over."""
    while (message := await client.receive_output(timeout=5))["type"] != "websocket.close":
        pass
    return int(message["code"])


async def logged_in(user: User) -> Client:
    return await sync_to_async(client_of)(user)


async def socket_of(user: User, path: str = PATH) -> Any:
    return await opened(path, origin=ORIGIN, cookie=cookie_of(await logged_in(user)))


@sync_to_async
def page_status(user: User | None) -> int:
    return client_of(user).get(PAGE).status_code


async def test_the_page_is_for_members_and_staff(cast: Cast) -> None:
    assert [await page_status(user) for user in (None, cast.outsider, cast.member, cast.staff)] == [302, 403, 200, 200]
    answer = await sync_to_async(client_of(None).get)(PAGE)
    assert answer["Location"] == f"/accounts/login/?next={PAGE}"


async def test_who_takes_no_goodbye_does_not_keep_others_in(cast: Cast) -> None:
    class Stalled:
        badge = Badge(cast.room.key, cast.room.pk)
        told, reads = asyncio.Event(), asyncio.Event()

        async def expel(self, code: int) -> None:
            self.told.set()
            await self.reads.wait()

    stalled = Stalled()
    member = await socket_of(cast.member)
    await rechecks.add(stalled)
    rechecks.tell({"room_id": cast.room.pk})
    await stalled.told.wait()
    await sync_to_async(lambda: Membership.objects.get(user=cast.member).delete())()
    assert await close_code(member) == NOT_A_MEMBER
    await member.disconnect()
    stalled.reads.set()
    rechecks.discard(stalled)


async def test_a_number_tells_the_name_of_a_room_to_its_members_alone(cast: Cast) -> None:
    @sync_to_async
    def answer_to(user: User | None) -> Any:
        return client_of(user).get(f"/chat/room/{cast.room.pk}/")

    anonymous, outsider, member = [await answer_to(user) for user in (None, cast.outsider, cast.member)]
    assert anonymous["Location"] == f"/accounts/login/?next=/chat/room/{cast.room.pk}/"
    assert outsider.status_code == 404
    assert member["Location"] == PAGE


@pytest.mark.parametrize("by_number", [False, True])
async def test_the_socket_is_for_members_and_staff(cast: Cast, by_number: bool) -> None:
    path = f"/ws/chat/room/{cast.room.pk}/?events=all" if by_number else f"{PATH}?events=all"
    for user in (cast.member, cast.staff):
        client = await socket_of(user, path)
        assert (await next_of(client, "room"))["members_only"] is True
        await client.disconnect()
    outsider, anonymous = await socket_of(cast.outsider, path), await opened(path)
    assert await close_code(outsider) == NOT_A_MEMBER
    assert await close_code(anonymous) == LOG_IN
    for client in (outsider, anonymous):
        await client.disconnect()


async def test_who_is_refused_gets_no_frame_and_is_not_counted(cast: Cast) -> None:
    member, outsider = (
        await socket_of(cast.member, f"{PATH}?events=all"),
        socket(f"{PATH}?events=all", origin=ORIGIN, cookie=cookie_of(await logged_in(cast.outsider))),
    )
    await outsider.connect(timeout=5)
    await member.send_json_to({"message": "secret"})
    await next_of(member, "text")
    assert (await outsider.receive_output(timeout=5)) == {"type": "websocket.close", "code": NOT_A_MEMBER}
    await outsider.send_to(text_data='{"message": "let me in"}')
    assert await outsider.receive_nothing()
    assert await Room.objects.values_list("last_id", flat=True).aget() == 1
    await outsider.disconnect()
    await member.disconnect()


async def test_removal_closes_the_socket_at_once(cast: Cast) -> None:
    member, staff = await socket_of(cast.member), await socket_of(cast.staff)
    await (await Membership.objects.aget(user=cast.member)).adelete()
    assert await close_code(member) == NOT_A_MEMBER
    await staff.send_json_to({"message": "still here"})
    assert (await next_of(staff, "text"))["message"] == "still here"
    await member.disconnect()
    await staff.disconnect()


async def test_a_message_on_its_way_from_who_was_removed_is_not_taken(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threechat.changes.recheck", lambda changed: None)  # the news has not arrived yet
    member = await socket_of(cast.member)
    await (await Membership.objects.aget(user=cast.member)).adelete()
    await member.send_json_to({"message": "one more"})
    assert await close_code(member) == NOT_A_MEMBER
    assert await Room.objects.values_list("last_id", flat=True).aget() == 0
    await member.disconnect()


async def test_what_nobody_announced_is_found_a_little_later(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examplechannels.rechecks.RECHECK_SECONDS", 0.05)
    member = await socket_of(cast.member)
    await Membership.objects.filter(user=cast.member).adelete()
    await Room.objects.filter(pk=cast.room.pk).aupdate(members_only=False)
    await Room.objects.filter(pk=cast.room.pk).aupdate(members_only=True)
    assert await close_code(member) == NOT_A_MEMBER
    await member.disconnect()


async def test_who_is_thrown_out_while_coming_in_can_read_why(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The news comes between the look at the database and the handshake's end."""

    async def slow_verdict(badge: Badge) -> Verdict:
        verdict = await verdict_on(badge)
        await (await Membership.objects.aget(user=cast.member)).adelete()
        while rechecks._due or not any(socket.outlet.closed for socket in rechecks._sockets):  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)
        return verdict

    monkeypatch.setattr("threechat.consumers.verdict_on", slow_verdict)
    member = await socket_of(cast.member)  # accepted
    assert await close_code(member) == NOT_A_MEMBER
    await member.disconnect()


async def test_a_socket_that_comes_just_after_the_last_one_left_is_let_in(cast: Cast) -> None:
    for _ in range(5):
        leaving = await opened(PATH)  # anonymous: closed at once
        coming = await opened(PATH)
        await leaving.disconnect()
        assert await close_code(coming) == LOG_IN
        await coming.disconnect()


@pytest.mark.parametrize("how", ["logout", "password", "inactive", "deleted"])
async def test_logging_out_closes_the_sockets_of_that_session(cast: Cast, how: str) -> None:
    client = await logged_in(cast.member)
    leaving = await opened(PATH, origin=ORIGIN, cookie=cookie_of(client))
    index = await opened("/ws/chat/", origin=ORIGIN, cookie=cookie_of(client))
    staff = await socket_of(cast.staff)

    def end() -> None:
        user = cast.member
        if how == "logout":
            client.post("/accounts/logout/")
        elif how == "deleted":
            user.delete()
        else:
            user.is_active = how != "inactive"
            user.set_password("another one")
            user.save()

    await sync_to_async(end)()
    assert await close_code(leaving) == LOG_IN
    assert await close_code(index) == LOG_IN
    await staff.send_json_to({"message": "still here"})
    assert (await next_of(staff, "text"))["message"] == "still here"
    for one in (leaving, index, staff):
        await one.disconnect()


async def test_logging_out_in_one_browser_leaves_the_other_alone(cast: Cast) -> None:
    first, second = await logged_in(cast.member), await logged_in(cast.member)
    leaving, staying = [await opened(PATH, origin=ORIGIN, cookie=cookie_of(one)) for one in (first, second)]
    await sync_to_async(first.post)("/accounts/logout/")
    assert await close_code(leaving) == LOG_IN
    await staying.send_json_to({"message": "hi"})
    assert (await next_of(staying, "text"))["username"] == "mia"
    for one in (leaving, staying):
        await one.disconnect()


async def test_a_room_that_is_closed_to_others_closes_on_them(cast: Cast) -> None:
    await sync_to_async(say)("hi", person_of(cast.member), "lobby")
    member, guest = await socket_of(cast.member, "/ws/chat/lobby/"), await opened("/ws/chat/lobby/")

    def close() -> None:
        room = Room.objects.get(name="lobby")
        Membership.objects.create(room=room, user=cast.member)
        room.members_only = True
        room.save()

    await sync_to_async(close)()
    assert await close_code(guest) == LOG_IN
    await member.send_json_to({"message": "among us"})
    assert (await next_of(member, "text"))["message"] == "among us"
    await guest.disconnect()
    await member.disconnect()


async def test_a_renamed_room_is_left_and_found_by_its_number() -> None:
    member = await opened("/ws/chat/lobby/?events=all")
    await member.send_json_to({"message": "hi"})
    number = (await next_of(member, "room"))["room"] or (await next_of(member, "room"))["room"]

    def rename() -> None:
        room = Room.objects.get()
        room.name = "Hall"
        room.save()

    await sync_to_async(rename)()
    assert await close_code(member) == RENAMED
    await member.disconnect()
    again = await opened(f"/ws/chat/room/{number}/?events=all")
    frame = await next_of(again, "room")
    assert (frame["name"], frame["room"], frame["last_id"]) == ("Hall", number, 1)
    by_name = await opened("/ws/chat/hall/")
    await again.send_json_to({"message": "here"})
    assert (await next_of(by_name, "text"))["id"] == 2
    answer = await sync_to_async(Client(HTTP_HOST=HOST).get)(f"/chat/room/{number}/")
    assert answer["Location"] == "/chat/Hall/"
    for one in (again, by_name):
        await one.disconnect()


async def test_who_met_in_a_room_before_it_was_stored_follows_its_new_name_too() -> None:
    """Neither sent anything: the first message came from a third one."""
    waiting, speaker = await opened("/ws/chat/lobby/?events=all"), await opened("/ws/chat/lobby/")
    await speaker.send_json_to({"message": "hi"})
    await next_of(waiting, "text")

    def rename() -> None:
        room = Room.objects.get()
        room.name = "Hall"
        room.save()

    await sync_to_async(rename)()
    for one in (waiting, speaker):
        assert await close_code(one) == RENAMED
        await one.disconnect()


async def test_a_deleted_room_says_so() -> None:
    member = await opened("/ws/chat/lobby/")
    await member.send_json_to({"message": "hi"})
    await next_of(member, "text")
    await (await Room.objects.aget()).adelete()
    assert await close_code(member) == NOT_A_MEMBER
    await member.disconnect()


@pytest.mark.parametrize("number", ["0", "4711", "9" * 40])
async def test_a_number_that_is_no_room_says_so(number: str) -> None:
    client = await opened(f"/ws/chat/room/{number}/")
    assert await close_code(client) == NOT_A_MEMBER
    await client.disconnect()


async def test_the_list_shows_members_only_rooms_to_members_and_staff(cast: Cast) -> None:
    await sync_to_async(say)("secret", person_of(cast.member))
    guest = await opened("/ws/chat/")
    clients = [guest, *[await socket_of(user, "/ws/chat/") for user in (cast.outsider, cast.member, cast.staff)]]
    seen = [[room["name"] for room in (await next_of(client, "rooms"))["rooms"]] for client in clients]
    assert seen == [[], [], [CLOSED], [CLOSED]]
    member = await socket_of(cast.member)
    await member.send_json_to({"message": "more secrets"})
    while (room := (await next_of(clients[2], "rooms"))["rooms"][0])["last_id"] < 2 or room["count"] < 1:
        pass
    assert room["last"]["message"] == "more secrets"
    for client in clients[:2]:
        assert await client.receive_nothing(timeout=0.2)
    for client in (*clients, member):
        await client.disconnect()
