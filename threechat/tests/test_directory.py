from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError

from examplechannels.broadcast import broadcast, encode
from tests.sockets import HOST, next_of, opened, socket
from threechat.directory import MAX_ROOMS, MAX_UNREAD, look_up, rooms_listed_for, visible
from threechat.models import Message, Room, Visit
from threechat.people import Person
from threechat.rooms import room_named
from threechat.roster import Attendance
from threechat.storage import delete_message
from threechat.tests.cast import ORIGIN, client_of, cookie_of, say

MIA = Person(sender="g1", name="mia", guest=True)


def names(here: dict[str, Attendance] | None = None) -> list[tuple[str, int]]:
    return [(room["name"], room["count"]) for _, room in visible(look_up([], []), here or {}, None)]


@pytest.mark.django_db
def test_the_fullest_room_comes_first_then_the_latest_message() -> None:
    say("old", MIA, "Kitchen")
    say("new", MIA, "third")
    here = {room_named("room1").key: Attendance("room1", 1)}
    assert names(here) == [("room1", 1), ("third", 0), ("Kitchen", 0)]


@pytest.mark.django_db
def test_a_room_that_people_are_in_is_listed_however_old_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.directory.MAX_RECENT", 1)
    say("old", MIA, "Kitchen")
    say("new", MIA, "third")
    key = room_named("kitchen").key
    listed = visible(look_up([], [key]), {key: Attendance("kitchen", 2)}, None)
    assert [(room["name"], room["count"]) for _, room in listed] == [("Kitchen", 2), ("third", 0)]


@pytest.mark.django_db
def test_among_very_many_rooms_those_for_members_stay_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.directory.MAX_RECENT", 1)
    monkeypatch.setattr("threechat.directory.MAX_ALSO", 1)
    room = Room.objects.create(name="Plans", members_only=True)
    say("hi", MIA, "lobby")
    here = {room_named("crowd").key: Attendance("crowd", 1), room.key: Attendance("Plans", 9)}
    listed = visible(look_up([], here.keys()), here, None)
    assert [summary["name"] for _, summary in listed] == ["crowd", "lobby"]


@pytest.mark.django_db
def test_the_last_line_is_the_last_that_is_still_there() -> None:
    say("first", MIA, "lobby")
    room = say("second", MIA, "lobby").room
    delete_message(room.pk, 2)
    [(_, summary)] = visible(look_up([], []), {}, None)
    assert summary["last"] is not None
    assert (summary["last"]["message"], summary["last_id"]) == ("first", 3)
    delete_message(room.pk, 1)
    [(_, summary)] = visible(look_up([], []), {}, None)
    assert summary["last"] is None


@pytest.mark.django_db
def test_the_list_fits_into_a_frame_whatever_was_said() -> None:
    for number in range(MAX_ROOMS + 10):
        name = f"{number:02}" + "\U00020000" * 78
        room = Room.objects.create(name=name, last_id=10**15)
        text = {"username": "\U00020000" * 150, "text": "\x01" * 4000}
        Message.objects.create(room=room, number=10**15, sender="s", sent_on=datetime.now(UTC), **text)
    rooms = [summary for _, summary in visible(look_up([], []), {}, None)]
    assert len(rooms) == MAX_ROOMS
    assert len(encode({"type": "rooms", "rooms": rooms}).encode()) <= 64 * 1024


@pytest.mark.django_db
def test_many_who_look_do_not_take_each_others_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is on rooms, not on how many people are members of them."""
    monkeypatch.setattr("threechat.directory.MAX_ALSO", 2)
    rooms = [Room.objects.create(name=name, members_only=True) for name in ("crew", "board")]
    people = [User.objects.create_user(f"user{number}") for number in range(5)]
    for room in rooms:
        room.members.set(people)
    known = look_up([user.pk for user in people], [])
    for user in people:
        assert {room["name"] for _, room in visible(known, {}, user.pk)} == {"crew", "board"}


def unread(person: Person = MIA) -> dict[str, int]:
    return {room["name"]: room["unread"] for room in rooms_listed_for(person)}


@pytest.mark.django_db
def test_what_was_said_since_the_last_visit_is_unread() -> None:
    room = say("before", MIA, "lobby").room
    assert unread() == {"lobby": 0}  # never there
    Visit.objects.create(room=room, sender=MIA.sender, read_to=1)
    for text in ("a", "b", "c"):
        say(text, MIA, "lobby")
    delete_message(room.pk, 3)
    assert unread() == {"lobby": 2}
    assert unread(Person(sender="g2", name="gus", guest=True)) == {"lobby": 0}
    for number in range(MAX_UNREAD):
        say(str(number), MIA, "lobby")
    assert unread() == {"lobby": MAX_UNREAD}


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.django_db(transaction=True)
async def test_a_visit_ends_with_the_last_tab_and_begins_to_count_then() -> None:
    browser = await sync_to_async(client_of)(None)
    await sync_to_async(browser.get)("/chat/lobby/")
    tab = await opened("/ws/chat/lobby/", origin=ORIGIN, cookie=cookie_of(browser))
    other = await opened("/ws/chat/lobby/")

    async def listed() -> dict[str, int]:
        answer: Any = await sync_to_async(browser.get)("/chat/?format=json", HTTP_HOST=HOST)
        return {room["name"]: room["unread"] for room in answer.json()["rooms"]}

    await other.send_json_to({"message": "while here"})
    await next_of(tab, "text")
    assert await listed() == {"lobby": 0}
    await tab.disconnect()
    assert await listed() == {"lobby": 0}
    await other.send_json_to({"message": "while away"})
    await next_of(other, "text")
    await next_of(other, "text")
    assert await listed() == {"lobby": 1}
    await other.disconnect()


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.django_db(transaction=True)
async def test_a_list_whose_opening_was_broken_off_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    join = broadcast.group_add

    async def broken_off(group: str, viewer: Any) -> None:
        await join(group, viewer)
        if "chat.rooms" in group:
            raise ConnectionError

    monkeypatch.setattr(broadcast, "group_add", broken_off)
    with pytest.raises(ConnectionError):
        await socket("/ws/chat/").connect(timeout=5)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.django_db(transaction=True)
async def test_a_look_that_goes_wrong_in_whatever_way_is_not_the_last(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[Exception] = [OperationalError("locked"), KeyError("lobby")]

    def fails_at_first(*asked: Any) -> Any:
        if failures:
            raise failures.pop(0)
        return look_up(*asked)

    tab = await opened("/ws/chat/")
    await next_of(tab, "rooms")
    monkeypatch.setattr("threechat.directory.look_up", fails_at_first)
    await sync_to_async(say)("hi", MIA, "lobby")
    assert [room["name"] for room in (await next_of(tab, "rooms"))["rooms"]] == ["lobby"]
    assert [record.levelname for record in caplog.records if record.name == "threechat.directory"] == [
        "WARNING",
        "ERROR",
    ]
    await tab.disconnect()
