from math import inf

from threechat.people import Person
from threechat.rooms import room_named
from threechat.roster import FORGET_SECONDS, MAX_REPORTED_ROOMS, MAX_USERS, Roster

ROOM, OTHER = room_named("room1"), room_named("Kitchen")
ANNA, BOB = Person("a", "anna", guest=False), Person("b", "bob", guest=True)


def test_two_tabs_of_a_person_count_once() -> None:
    roster = Roster()
    assert roster.enter(ROOM, "tab 1", ANNA)
    roster.enter(ROOM, "tab 2", ANNA)
    roster.enter(ROOM, "tab 3", BOB)
    assert roster.presence(ROOM, now=0) == {"type": "presence", "count": 2, "users": ["anna", "bob"]}
    roster.leave(ROOM, "tab 1")
    assert roster.presence(ROOM, now=0)["count"] == 2
    roster.leave(ROOM, "tab 2")
    assert roster.presence(ROOM, now=0) == {"type": "presence", "count": 1, "users": ["bob"]}


def test_a_new_name_is_a_change_and_the_same_is_none() -> None:
    roster = Roster()
    roster.enter(ROOM, "tab", BOB)
    assert not roster.enter(ROOM, "tab", BOB)
    assert roster.enter(ROOM, "tab", BOB.called("rob"))
    assert roster.presence(ROOM, now=0)["users"] == ["rob"]


def test_case_does_not_make_another_room() -> None:
    roster = Roster()
    roster.enter(ROOM, "tab", BOB)
    roster.enter(room_named("ROOM1"), "tab 2", ANNA)
    assert roster.presence(ROOM, now=0)["count"] == 2


def test_another_process_counts_until_it_is_silent_for_too_long() -> None:
    here, there = Roster(), Roster()
    here.enter(ROOM, "tab", ANNA)
    there.enter(ROOM, "tab", ANNA)
    there.enter(ROOM, "tab 2", BOB)
    here.hear("there", there.report(), now=100)
    assert here.presence(ROOM, now=100)["count"] == 2
    assert here.presence(ROOM, now=100 + FORGET_SECONDS - 1)["count"] == 2
    assert here.presence(ROOM, now=100 + FORGET_SECONDS)["count"] == 1
    here.forget_silent(now=100 + FORGET_SECONDS)
    assert here.silent_at() == inf


def test_a_goodbye_counts_at_once() -> None:
    here, there = Roster(), Roster()
    there.enter(ROOM, "tab", BOB)
    here.hear("there", there.report(), now=0)
    here.hear("there", {}, now=1)
    assert here.presence(ROOM, now=0)["count"] == 0


def test_a_crowd_is_counted_though_not_all_are_named() -> None:
    here, there = Roster(), Roster()
    for number in range(MAX_USERS + 30):
        there.enter(ROOM, number, Person(f"p{number}", f"guest-{number}", guest=True))
    here.hear("there", there.report(), now=0)
    frame = here.presence(ROOM, now=0)
    assert (frame["count"], len(frame["users"])) == (MAX_USERS + 30, MAX_USERS)


def test_a_person_is_known_to_be_in_a_room_of_any_process() -> None:
    here, there = Roster(), Roster()
    here.enter(ROOM, "tab", ANNA)
    there.enter(OTHER, "tab", BOB)
    here.hear("there", there.report(), now=0)
    assert here.is_in(ROOM.key, ANNA.sender, now=0)
    assert here.is_in(OTHER.key, BOB.sender, now=0)
    assert not here.is_in(OTHER.key, ANNA.sender, now=0)
    assert {key: one.people for key, one in here.attendances(now=0).items()} == {ROOM.key: 1, OTHER.key: 1}


def test_who_is_in_one_of_very_many_rooms_is_counted() -> None:
    roster = Roster()
    for number in range(MAX_REPORTED_ROOMS + 10):
        roster.enter(room_named(f"room{number}"), number, BOB)
    last = room_named(f"room{MAX_REPORTED_ROOMS + 9}")
    assert roster.presence(last, now=0)["count"] == 1
    assert len(roster.report()) == MAX_REPORTED_ROOMS
