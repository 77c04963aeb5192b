import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.sockets import HOST
from threechat.history import history_page, latest
from threechat.models import Message, Room
from threechat.people import Person
from threechat.storage import delete_message
from threechat.tests.cast import CLOSED, Cast, client_of, make_cast, person_of, say

GUEST = Person(sender="g1", name="gil", guest=True)
URL = "/chat/lobby/messages/"


@pytest.fixture
def lobby(db: None) -> Room:
    for number in range(1, 121):
        room = say(f"m{number}", GUEST, "lobby", f"c{number}").room
    return room


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


def ids(page: Any) -> list[int]:
    return [frame["id"] for frame in page["messages"]]


def test_without_a_range_the_latest_come_oldest_first(lobby: Room) -> None:
    page = history_page(lobby, None, None, 50)
    assert (ids(page), page["more"]) == (list(range(71, 121)), True)


def test_paging_back_and_forth_meets_everything_once(lobby: Room) -> None:
    back: list[int] = []
    before, more = None, True
    while more:
        page = history_page(lobby, None, before, 50)
        back, before, more = ids(page) + back, ids(page)[0], page["more"]
    forth: list[int] = []
    after, more = 0, True
    while more:
        page = history_page(lobby, after, None, 50)
        forth, after, more = forth + ids(page), ids(page)[-1], page["more"]
    assert back == forth == list(range(1, 121))


def test_exactly_a_page_is_all_there_is(lobby: Room) -> None:
    assert history_page(lobby, 70, None, 50)["more"] is False
    assert history_page(lobby, None, 51, 50)["more"] is False
    assert history_page(lobby, 120, None, 50) == {"messages": [], "more": False}


def test_deletions_come_with_what_is_after(lobby: Room) -> None:
    delete_message(lobby.pk, 7)
    lobby.refresh_from_db()
    assert history_page(lobby, 120, None, 50)["messages"] == [{"type": "deleted", "id": 121, "message_id": 7}]
    assert 7 not in ids(history_page(lobby, 0, None, 50))
    assert latest(lobby).have == 121
    assert ids({"messages": latest(lobby).messages}) == list(range(71, 121))


def test_one_page_is_one_question_whatever_the_depth(lobby: Room) -> None:
    for after, before in ((None, None), (5, None), (None, 60)):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            history_page(lobby, after, before, 50)
        assert len(asked) == 1
        assert "LIMIT 51" in asked[0]["sql"]


@pytest.mark.django_db(transaction=True)
def test_over_http_it_is_what_the_socket_says() -> None:
    stored = say("hi", GUEST, "lobby", "c1")
    answer = Client(HTTP_HOST=HOST).get(URL)
    assert answer.json() == {
        "messages": [
            {
                "id": 1,
                "type": "text",
                "message": "hi",
                "username": "gil",
                "user": "gil",
                "guest": True,
                "sender": "g1",
                "datetime": stored.message.sent_on.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "client_id": "c1",
            }
        ],
        "more": False,
    }
    assert Client(HTTP_HOST=HOST).get("/chat/LOBBY/messages/").json() == answer.json()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "query", ["after=1&before=2", "after=x", "after=-1", "before=1.5", "limit=0", "limit=201", "after=" + "9" * 30]
)
def test_a_range_that_is_none_is_said_so(query: str) -> None:
    answer = Client(HTTP_HOST=HOST).get(f"{URL}?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad-number")


@pytest.mark.django_db(transaction=True)
def test_a_room_that_nobody_wrote_in_has_said_nothing_and_an_impossible_one_is_not_there() -> None:
    client = Client(HTTP_HOST=HOST)
    assert client.get("/chat/nowhere/messages/").json() == {"messages": [], "more": False}
    assert client.get("/chat/a.b/messages/").status_code == 404


def test_members_history_is_for_members(cast: Cast) -> None:
    say("secret", person_of(cast.member))
    url = f"/chat/{CLOSED}/messages/"
    told = [client_of(user).get(url) for user in (None, cast.outsider, cast.member, cast.staff)]
    assert [answer.status_code for answer in told] == [401, 403, 200, 200]
    assert [answer.json()["error"]["code"] for answer in told[:2]] == ["log-in", "not-a-member"]
    assert all("secret" not in answer.content.decode() for answer in told[:2])


@pytest.mark.django_db(transaction=True)
def test_the_page_begins_with_the_last_messages_as_text_and_as_json() -> None:
    for number in range(60):
        say(f"<b>{number}</b> https://example.com/{number}?a=1&b=2", GUEST, "lobby")
    page = client_of(None).get("/chat/lobby/").content.decode()
    assert "<b>59</b>" not in page
    assert "&lt;b&gt;59&lt;/b&gt;" in page
    assert "<b>9</b>" not in page
    assert 'href="https://example.com/59?a=1&amp;b=2"' in page
    script = page.partition('id="room-messages"')[2].partition(">")[2].partition("</script>")[0]
    assert [frame["id"] for frame in json.loads(script)] == list(range(11, 61))


@pytest.mark.django_db(transaction=True)
def test_script_and_turned_letters_in_a_message_and_a_name_stay_text() -> None:
    script, turned = "</script><script>alert(1)</script>", "\u202etxt.exe"
    say(f"{script}{turned}", GUEST.called(script), "lobby")
    page = client_of(None).get("/chat/lobby/").content.decode()
    assert script not in page
    escaped = "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;"
    assert f'<span class="message-name" dir="auto">{escaped}</span>' in page
    assert (
        f'<p class="message-content message-text" dir="auto">{escaped}{turned}</p>' in page
    )  # turns nothing around it
    for path in ("/chat/", "/"):
        listed = client_of(None).get(path).content.decode()
        assert script not in listed
        assert f"<b>{escaped}</b> {escaped}{turned}" in listed


@pytest.mark.django_db
def test_a_message_outlives_its_account() -> None:
    cast = make_cast()
    say("hi", person_of(cast.member))
    cast.member.delete()
    message = Message.objects.get()
    assert (message.user, message.username, message.guest) == (None, "mia", False)
