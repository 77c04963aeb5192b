import json
from typing import Any
from urllib.parse import unquote

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from examplechannels.close_codes import TOO_MANY
from examplechannels.limits import Buckets
from tests.sockets import HOST, next_of, opened, socket
from threechat.limits import BURST_FRAMES, MAX_REFUSALS
from threechat.models import Media, Message, Room
from threechat.people import Person
from threechat.presence import presence
from threechat.rooms import room_named
from threechat.storage import delete_message

pytestmark = [pytest.mark.usefixtures("fanout", "nothing_left"), pytest.mark.django_db(transaction=True)]


async def test_what_one_says_everybody_in_the_room_gets_and_nobody_else() -> None:
    member, other, outsider = [await opened(f"/ws/chat/{room}/") for room in ("room1", "ROOM1", "room2")]
    await member.send_json_to({"message": "hi", "username": "mia", "client_id": "id-1"})
    frames = [await next_of(client, "text") for client in (member, other)]
    assert frames[0] == frames[1]
    assert {key: frames[0][key] for key in ("type", "message", "username", "user", "guest", "client_id")} == {
        "type": "text",
        "message": "hi",
        "username": "mia",
        "user": "mia",
        "guest": True,
        "client_id": "id-1",
    }
    assert await outsider.receive_nothing()
    for client in (member, other, outsider):
        await client.disconnect()


async def test_a_nameless_guest_keeps_one_name_for_the_connection() -> None:
    member = await opened("/ws/chat/room1/")
    names = set()
    for _ in range(2):
        await member.send_json_to({"message": "hi"})
        names.add((await next_of(member, "text"))["username"])
    [name] = names
    assert name.startswith("guest-")
    await member.disconnect()


@pytest.mark.parametrize("path", ["/ws/chat/%E6%88%BF%E9%97%B4/", "/ws/chat/a b/", "/ws/chat/caf\u00e9/"])
async def test_rooms_in_any_script_are_entered(path: str) -> None:
    member = await opened(unquote(path))
    await member.send_json_to({"message": "hi"})
    assert (await next_of(member, "text"))["message"] == "hi"
    await member.disconnect()


@pytest.mark.parametrize("room", ["x" * 81, "../x", "a.b", "<b>", "%", "\u202e"])
async def test_an_impossible_room_is_refused(room: str) -> None:
    connected, _ = await socket(f"/ws/chat/{room}/").connect(timeout=5)
    assert not connected


async def test_a_mistake_is_answered_to_its_sender_alone_and_the_socket_stays_open() -> None:
    member, other = await opened("/ws/chat/room1/"), await opened("/ws/chat/room1/")
    await member.send_to(text_data="nonsense")
    assert (await next_of(member, "error"))["code"] == "not-json"
    await member.send_to(bytes_data=b"\x00")
    assert (await next_of(member, "error"))["code"] == "not-json"
    await member.send_json_to({"message": "still here"})
    assert (await next_of(member, "text"))["message"] == "still here"
    assert (await other.receive_json_from(timeout=5))["message"] == "still here"
    await member.disconnect()
    await other.disconnect()


@pytest.mark.parametrize("frame", ["x", '{"message": "hi"}', '{"type": "typing"}'])
async def test_who_sends_too_fast_is_told_and_then_closed(frame: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.limits.people", Buckets(BURST_FRAMES, 0.001))  # storing takes time
    member = await opened("/ws/chat/room1/")
    for _ in range(BURST_FRAMES + MAX_REFUSALS + 30):
        await member.send_to(text_data=frame)
    told = []
    while (message := await member.receive_output(timeout=5))["type"] != "websocket.close":
        told.append(json.loads(message["text"]).get("code"))
    assert message["code"] == TOO_MANY
    assert ("too-fast" in told) is ("message" in frame)
    await member.disconnect()


async def test_a_simple_client_meets_no_frame_it_does_not_know() -> None:
    simple, full = await opened("/ws/chat/room1/"), await opened("/ws/chat/room1/?events=all")
    assert (await next_of(full, "presence"))["count"] == 2
    await full.send_json_to({"type": "typing"})
    assert (await next_of(full, "typing"))["username"].startswith("guest-")
    await full.send_json_to({"message": "hi"})
    assert (await simple.receive_json_from(timeout=5))["type"] == "text"
    await simple.disconnect()
    while (await next_of(full, "presence"))["count"] != 1:
        pass
    await full.disconnect()


async def test_the_list_of_rooms_is_live(fanout: str) -> None:
    index = await opened("/ws/chat/")
    assert (await index.receive_json_from(timeout=5))["type"] == "rooms"
    member = await opened(f"/ws/chat/Kitchen {fanout}/")
    await member.send_json_to({"message": "tea?", "username": "mia"})
    last = None
    while last is None:
        room = (await next_of(index, "rooms"))["rooms"][0]
        last = room["last"] if room["name"] == f"Kitchen {fanout}" else None
    assert (room["count"], last["username"], last["message"]) == (1, "mia", "tea?")
    await member.disconnect()
    await index.disconnect()


def session_of(user: User | None) -> str:
    client = Client(HTTP_HOST=HOST)
    if user:
        client.force_login(user)
    client.get("/chat/room1/")
    return f"sessionid={client.cookies['sessionid'].value}"


async def test_an_account_is_called_by_its_name_whatever_the_frame_says() -> None:
    anna = await User.objects.acreate(username="anna")
    cookie = await sync_to_async(session_of)(anna)
    member = await opened("/ws/chat/room1/", origin=f"http://{HOST}", cookie=cookie)
    await member.send_json_to({"message": "hi", "username": "somebody"})
    frame = await next_of(member, "text")
    assert (frame["username"], frame["guest"]) == ("anna", False)
    await member.disconnect()


async def test_without_an_origin_cookies_do_not_count() -> None:
    anna = await User.objects.acreate(username="anna")
    script = await opened("/ws/chat/room1/", cookie=await sync_to_async(session_of)(anna))
    await script.send_json_to({"message": "hi"})
    assert (await next_of(script, "text"))["guest"] is True
    await script.disconnect()


async def test_a_guest_of_a_session_keeps_name_and_sender_over_connections() -> None:
    cookie = await sync_to_async(session_of)(None)
    seen = set()
    for _ in range(2):
        member = await opened("/ws/chat/room1/", origin=f"http://{HOST}", cookie=cookie)
        await member.send_json_to({"message": "hi"})
        frame = await next_of(member, "text")
        seen.add((frame["username"], frame["sender"]))
        await member.disconnect()
    assert len(seen) == 1


@pytest.mark.parametrize("name", ["anna", "ANNA", "аnna", "ａnna", "a\u200bnna", "anna\u3164", "Server"])
async def test_a_guest_cannot_take_an_accounts_name_or_a_look_alike(name: str) -> None:
    await User.objects.acreate(username="anna")
    guest = await opened("/ws/chat/room1/")
    await guest.send_json_to({"message": "it is me", "username": name, "client_id": "id-1"})
    error = await next_of(guest, "error")
    assert (error["code"], error["client_id"]) == ("name-taken", "id-1")
    await guest.disconnect()


async def test_a_quiet_room_hears_something_now_and_then_though_others_are_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("threechat.presence.REPORT_SECONDS", 0.2)
    quiet = await opened("/ws/chat/quiet/?events=all")
    heard = 0
    for number in range(50):
        busy = Person(str(number), "busy", guest=True)
        presence.enter(room_named("busy"), "tab", busy)
        if not await quiet.receive_nothing(timeout=0.02, interval=0.01):
            heard += (await quiet.receive_json_from(timeout=1))["type"] == "presence"
    presence.leave(room_named("busy"), "tab")
    assert heard >= 4  # two of them on arrival
    await quiet.disconnect()


async def test_a_guest_comes_under_the_name_in_the_address_unless_it_is_taken() -> None:
    await User.objects.acreate(username="anna")
    full = await opened("/ws/chat/room1/?events=all&username=nour")
    assert (await next_of(full, "presence"))["users"] == ["nour"]
    other = await opened("/ws/chat/room1/?events=all&username=ANNA")
    assert any(name.startswith("guest-") for name in (await next_of(other, "presence"))["users"])
    await full.send_json_to({"message": "hi"})
    assert (await next_of(other, "text"))["username"] == "nour"
    for client in (full, other):
        await client.disconnect()


async def test_numbers_count_up_and_everybody_gets_the_same_frame() -> None:
    first, second = await opened("/ws/chat/room1/"), await opened("/ws/chat/room1/?events=all")
    for client, text in ((first, "a"), (second, "b"), (first, "c")):
        await client.send_json_to({"message": text})
        frames = [await next_of(one, "text") for one in (first, second)]
        assert frames[0] == frames[1]
        assert frames[0]["id"] == "abc".index(text) + 1
    for client in (first, second):
        await client.disconnect()


async def test_a_resend_is_echoed_to_its_sender_and_nobody_else_sees_it_twice() -> None:
    sender, other = await opened("/ws/chat/room1/"), await opened("/ws/chat/room1/")
    await sender.send_json_to({"message": "hi", "client_id": "x"})
    first = [await next_of(client, "text") for client in (sender, other)]
    await sender.send_json_to({"message": "hi", "client_id": "x"})
    assert await next_of(sender, "text") == first[0]
    assert await other.receive_nothing()
    late = await opened("/ws/chat/room1/")  # it is published again: whoever missed it gets it
    await sender.send_json_to({"message": "hi", "client_id": "x"})
    assert await next_of(late, "text") == first[0]
    assert await next_of(sender, "text") == first[0]
    await other.send_json_to({"message": "mine", "client_id": "x"})
    error = await next_of(other, "error")
    assert (error["code"], error["client_id"]) == ("client-id-taken", "x")
    assert await Message.objects.acount() == 1
    for client in (sender, other, late):
        await client.disconnect()


async def test_a_resend_of_what_was_deleted_is_settled_without_its_content() -> None:
    sender = await opened("/ws/chat/room1/?events=all")
    await sender.send_json_to({"message": "oops", "client_id": "x"})
    await next_of(sender, "text")
    room = await Room.objects.aget()
    await sync_to_async(delete_message)(room.pk, 1)
    await sender.send_json_to({"message": "oops", "client_id": "x"})
    echo = await next_of(sender, "text")
    assert (echo["id"], echo["client_id"], echo["message"]) == (1, "x", "")
    await sender.disconnect()


async def test_nobody_gets_what_was_not_stored_and_its_sender_is_told_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sender, other = await opened("/ws/chat/room1/"), await opened("/ws/chat/room1/")

    def no_commit(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr("threechat.posting.store", no_commit)
        await sender.send_json_to({"message": "hi", "client_id": "x"})
        assert await sender.receive_output(timeout=5) == {"type": "websocket.close", "code": 1013}
    await sender.send_json_to({"message": "after it", "client_id": "y"})  # was on its way
    assert await other.receive_nothing()
    assert not await Message.objects.aexists()
    again = await opened("/ws/chat/room1/")
    await again.send_json_to({"message": "hi", "client_id": "x"})
    assert (await next_of(other, "text"))["id"] == 1
    for client in (sender, other, again):
        await client.disconnect()


async def test_the_limit_counts_a_person_over_all_of_their_tabs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.limits.people", Buckets(BURST_FRAMES, 0.001))
    cookie = await sync_to_async(session_of)(None)
    tabs = [await opened("/ws/chat/room1/", origin=f"http://{HOST}", cookie=cookie) for _ in range(3)]
    for number in range(BURST_FRAMES):
        await tabs[number % 2].send_json_to({"message": str(number)})
        while (await next_of(tabs[number % 2], "text"))["message"] != str(number):
            pass
    await tabs[2].send_json_to({"message": "one more"})
    assert (await next_of(tabs[2], "error"))["code"] == "too-fast"
    for tab in tabs:
        await tab.disconnect()


async def test_new_rooms_from_one_address_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.posting.new_rooms", Buckets(2, 0.001))
    codes = []
    for number, address in enumerate(["192.0.2.1"] * 4 + ["192.0.2.2", "", "", ""]):
        member = await opened(f"/ws/chat/room{number}/", address=address)
        await member.send_json_to({"message": "first"})
        codes.append((await member.receive_json_from(timeout=5)).get("code"))
        await member.disconnect()
    assert codes == [None, None, "too-fast", "too-fast", None, None, None, None]


async def test_typing_is_passed_on_only_now_and_then() -> None:
    one, other = await opened("/ws/chat/room1/?events=all"), await opened("/ws/chat/room1/?events=all")
    for _ in range(10):
        await one.send_json_to({"type": "typing"})
    await one.send_json_to({"message": "done"})
    kinds = []
    while (frame := await other.receive_json_from(timeout=5))["type"] != "text":
        kinds.append(frame["type"])
    assert kinds.count("typing") <= 2
    await one.disconnect()
    await other.disconnect()


async def test_a_client_id_of_somebody_else_is_refused_and_the_message_stays_theirs() -> None:
    owner, other = await opened("/ws/chat/room1/"), await opened("/ws/chat/room1/")
    await owner.send_json_to({"message": "mine", "username": "owner", "client_id": "x"})
    assert (await next_of(other, "text"))["message"] == "mine"
    await other.send_json_to({"message": "not yours", "username": "other", "client_id": "x"})
    error = await next_of(other, "error")
    assert (error["code"], error["client_id"]) == ("client-id-taken", "x")
    assert (await Message.objects.aget()).text == "mine"
    await owner.disconnect()
    await other.disconnect()


async def test_a_file_of_somebody_else_is_not_shown() -> None:
    await Media.objects.acreate(name="f" * 32 + ".png", kind="image", size=1, sender="somebody")
    member = await opened("/ws/chat/room1/")
    await member.send_json_to({"type": "image", "media_url": f"/chat/media/{'f' * 32}.png", "client_id": "x"})
    error = await next_of(member, "error")
    assert (error["code"], error["client_id"]) == ("upload-over-http", "x")
    assert "/chat/<room>/media/" in error["detail"]
    assert not await Message.objects.aexists()
    await member.disconnect()
