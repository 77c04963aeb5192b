import threading

import pytest
from django.db import connection

from examplechannels.close_codes import LOG_IN, NOT_A_MEMBER
from threechat.access import Barred
from threechat.drafts import Draft
from threechat.messages import frame_of
from threechat.models import Media, Message, Room
from threechat.people import Person
from threechat.rooms import room_named
from threechat.storage import ClientIdTaken, ReadOnly, delete_message, own_file, store
from threechat.tests.cast import CLOSED, Cast, make_cast, person_of, say

GUEST = Person(sender="g1", name="gil", guest=True)
OTHER = Person(sender="g2", name="gus", guest=True)
LOBBY = room_named("Lobby")


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def numbers(room: str) -> list[int]:
    return list(
        Message.objects.filter(room__key=room_named(room).key).order_by("number").values_list("number", flat=True)
    )


@pytest.mark.django_db
def test_a_room_is_stored_with_its_first_message_and_numbers_count_up() -> None:
    first, second = store(LOBBY, None, GUEST, Draft("a")), store(room_named("LOBBY"), None, OTHER, Draft("b"))
    assert (first.message.number, first.created_room) == (1, True)
    assert (second.message.number, second.created_room) == (2, False)
    room = Room.objects.get()
    assert (room.name, room.last_id, room.last_on) == ("Lobby", 2, second.message.sent_on)


@pytest.mark.django_db
def test_a_resend_is_the_same_message_and_takes_no_number() -> None:
    first = store(LOBBY, None, GUEST, Draft("a", client_id="x"))
    again = store(LOBBY, first.room.pk, GUEST, Draft("other text", client_id="x"))
    assert (again.message.pk, again.message.text, again.is_new) == (first.message.pk, "a", False)
    assert numbers("Lobby") == [1]


@pytest.mark.django_db
def test_an_empty_client_id_is_none() -> None:
    assert [store(LOBBY, None, GUEST, Draft("a", client_id="")).is_new for _ in range(2)] == [True, True]


@pytest.mark.django_db
def test_a_client_id_belongs_to_its_sender_and_its_room() -> None:
    store(LOBBY, None, GUEST, Draft("a", client_id="x"))
    with pytest.raises(ClientIdTaken):
        store(LOBBY, None, OTHER, Draft("b", client_id="x"))
    assert store(room_named("other"), None, OTHER, Draft("b", client_id="x")).is_new
    assert numbers("Lobby") == [1]


@pytest.mark.django_db
def test_without_a_session_the_name_says_who_resends() -> None:
    before = Person(sender="s1", name="script", guest=True, has_session=False)
    after = Person(sender="s2", name="script", guest=True, has_session=False)
    store(LOBBY, None, before, Draft("a", client_id="x"))
    assert not store(LOBBY, None, after, Draft("a", client_id="x")).is_new
    with pytest.raises(ClientIdTaken):
        store(LOBBY, None, after.called("another"), Draft("a", client_id="x"))
    with pytest.raises(ClientIdTaken):  # whoever has a session is not known by a name
        store(LOBBY, None, Person(sender="s3", name="script", guest=True), Draft("a", client_id="x"))


def test_who_may_not_enter_stores_nothing(cast: Cast) -> None:
    for person, code in ((GUEST, LOG_IN), (person_of(cast.outsider), NOT_A_MEMBER)):
        with pytest.raises(Barred) as barred:
            say("hi", person)
        assert barred.value.code == code
    assert numbers(CLOSED) == []
    say("hi", person_of(cast.member))
    say("hi", person_of(cast.staff))
    assert numbers(CLOSED) == [1, 2]


def test_a_member_whose_account_was_closed_stores_nothing(cast: Cast) -> None:
    cast.member.is_active = False
    cast.member.save()
    with pytest.raises(Barred):
        say("hi", person_of(cast.member))


@pytest.mark.django_db
def test_a_deleted_room_does_not_come_back_by_its_number() -> None:
    number = store(LOBBY, None, GUEST, Draft("a")).room.pk
    Room.objects.all().delete()
    with pytest.raises(Barred):
        store(LOBBY, number, GUEST, Draft("b"))
    assert not Room.objects.exists()


@pytest.mark.django_db
def test_a_renamed_room_is_found_by_its_number() -> None:
    room = store(LOBBY, None, GUEST, Draft("a")).room
    room.name = "Hall"
    room.save()
    stored = store(LOBBY, room.pk, GUEST, Draft("b"))
    assert (stored.room.pk, stored.message.number, stored.room.key) == (room.pk, 2, room_named("hall").key)


@pytest.mark.django_db
def test_a_read_only_room_takes_nothing_new_but_knows_what_it_has() -> None:
    room = store(LOBBY, None, GUEST, Draft("a", client_id="x")).room
    room.read_only = True
    room.save()
    with pytest.raises(ReadOnly):
        store(LOBBY, room.pk, GUEST, Draft("b", client_id="y"))
    assert not store(LOBBY, room.pk, GUEST, Draft("a", client_id="x")).is_new


@pytest.mark.django_db
def test_a_deletion_takes_the_next_number_and_the_content_is_gone() -> None:
    for text in ("a", "b", "c"):
        stored = store(LOBBY, None, GUEST, Draft(text, client_id=text))
    gone = delete_message(stored.room.pk, 2)
    assert gone is not None
    assert frame_of(gone) == {"type": "deleted", "id": 4, "message_id": 2}
    assert numbers("Lobby") == [1, 3, 4]
    assert not Message.objects.filter(text="b").exists()
    assert Room.objects.get().last_id == 4
    assert delete_message(stored.room.pk, 2) is None
    assert delete_message(stored.room.pk, 4) is None  # a deletion is not deleted
    again = store(LOBBY, None, GUEST, Draft("b", client_id="b"))  # a late resend
    assert (again.is_new, again.message.kind, again.message.deletes) == (False, Message.Kind.DELETED, 2)


@pytest.mark.django_db
def test_a_file_is_shown_again_by_who_uploaded_it_and_nobody_else() -> None:
    file = Media.objects.create(name="f" * 32 + ".png", kind=Media.Kind.IMAGE, size=1, sender=GUEST.sender)
    assert own_file(GUEST, f"/chat/media/{file.name}") == file
    for person, url in ((OTHER, f"/chat/media/{file.name}"), (GUEST, "/chat/media/other.png"), (GUEST, "/x")):
        with pytest.raises(Media.DoesNotExist):
            own_file(person, url)


@pytest.mark.django_db(transaction=True)
def test_of_many_writers_at_once_each_gets_a_number_of_its_own_without_holes() -> None:
    def write(writer: int) -> None:
        person = Person(sender=f"w{writer}", name=f"w{writer}", guest=True)
        try:
            for number in range(20):
                store(LOBBY, None, person, Draft(str(number), client_id=f"{writer}-{number}"))
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers("Lobby") == list(range(1, 121))
    assert Room.objects.get().last_id == 120


@pytest.mark.django_db(transaction=True)
def test_whoever_asks_for_what_comes_after_misses_nothing_while_many_write() -> None:
    """A number is never seen before those below it are."""
    done = threading.Event()

    def write(writer: int) -> None:
        try:
            for number in range(30):
                store(LOBBY, None, Person(f"w{writer}", "w", guest=True), Draft(str(number)))
        finally:
            connection.close()

    seen: list[int] = []
    threads = [threading.Thread(target=write, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    while not done.is_set():
        if not any(thread.is_alive() for thread in threads):
            done.set()
        last = seen[-1] if seen else 0
        seen += [number for number in numbers("Lobby") if number > last]
    assert seen == list(range(1, 121))
