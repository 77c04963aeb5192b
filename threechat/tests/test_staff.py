"""What staff do in the page and in the admin."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.sockets import HOST, next_of, opened
from threechat.models import Membership, Message, Room
from threechat.people import Person
from threechat.rooms import room_named
from threechat.tests.cast import CLOSED, Cast, client_of, make_cast, person_of, say
from two.models import Device

GUEST = Person(sender="g1", name="gil", guest=True)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture
def staff(cast: Cast) -> Client:
    return client_of(cast.staff)


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "settings/"),
        ("GET", "members/"),
        ("POST", "members/"),
        ("DELETE", "members/1/"),
        ("POST", "invitation/"),
        ("DELETE", "invitation/"),
        ("DELETE", "messages/1/"),
    ],
)
def test_it_is_for_staff(cast: Cast, method: str, path: str) -> None:
    say("hi", person_of(cast.member))
    for user, status in ((None, 401), (cast.outsider, 403), (cast.member, 403)):
        assert client_of(user).generic(method, f"/chat/{CLOSED}/{path}", "{}").status_code == status
    assert Message.objects.filter(kind="text").count() == 1


def test_it_needs_the_csrf_token(cast: Cast) -> None:
    client = Client(HTTP_HOST=HOST, enforce_csrf_checks=True)
    client.force_login(cast.staff)
    assert client.delete(f"/chat/{CLOSED}/messages/1/").status_code == 403


def test_a_deleted_message_is_gone_once(staff: Client, cast: Cast) -> None:
    say("oops", person_of(cast.member))
    assert staff.delete(f"/chat/{CLOSED}/messages/1/").status_code == 204
    assert staff.delete(f"/chat/{CLOSED}/messages/1/").status_code == 404
    page = client_of(cast.member).get(f"/chat/{CLOSED}/messages/?after=0").json()
    assert page["messages"] == [{"type": "deleted", "id": 2, "message_id": 1}]


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("in_admin", [False, True])
async def test_open_pages_hear_of_a_deletion_and_simple_clients_do_not(
    transactional_db: None, fanout: str, in_admin: bool
) -> None:
    cast = await sync_to_async(make_cast)()
    simple, full = await opened("/ws/chat/lobby/"), await opened("/ws/chat/lobby/?events=all")
    await simple.send_json_to({"message": "oops"})
    for client in (simple, full):
        await next_of(client, "text")

    def delete() -> None:
        staff, message = client_of(User.objects.get(pk=cast.staff.pk)), Message.objects.get()
        if in_admin:
            User.objects.filter(pk=cast.staff.pk).update(is_superuser=True)
            staff.post(reverse("admin:threechat_message_delete", args=[message.pk]), {"post": "yes"})
        else:
            staff.delete("/chat/lobby/messages/1/")

    await sync_to_async(delete)()
    assert await next_of(full, "deleted") == {"type": "deleted", "id": 2, "message_id": 1}
    assert await simple.receive_nothing()
    await simple.disconnect()
    await full.disconnect()


@pytest.mark.usefixtures("nothing_left")
async def test_open_pages_hear_that_a_room_is_read_only(transactional_db: None, fanout: str) -> None:
    cast = await sync_to_async(make_cast)()
    page = await opened("/ws/chat/lobby/?events=all")
    await page.send_json_to({"message": "hi"})
    await next_of(page, "text")
    staff = await sync_to_async(client_of)(cast.staff)
    answer = await sync_to_async(post)(staff, "/chat/lobby/settings/", {"read_only": True})
    assert answer.json()["read_only"] is True
    while not (await next_of(page, "room"))["read_only"]:
        pass
    await page.send_json_to({"message": "too late", "client_id": "x"})
    error = await next_of(page, "error")
    assert (error["code"], error["client_id"]) == ("read-only", "x")
    await page.disconnect()


def test_a_room_is_closed_to_others_before_anybody_wrote_in_it(staff: Client) -> None:
    answer = post(staff, "/chat/plans/settings/", {"members_only": True})
    assert answer.json() == {
        "room": Room.objects.get(name="plans").pk,
        "name": "plans",
        "read_only": False,
        "members_only": True,
    }
    assert client_of(None).get("/chat/plans/").status_code == 302


def test_the_dialog_says_what_a_room_is_before_its_socket_does(staff: Client) -> None:
    post(staff, "/chat/plans/settings/", {"read_only": True})
    page = staff.get("/chat/plans/").content.decode()
    assert '<input name="read_only" type="checkbox" checked>' in page
    assert '<input name="members_only" type="checkbox">' in page
    assert 'type="text" value="plans"' in page


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "../x"}, 400, "bad-name"),
        ({"name": "LOBBY"}, 409, "name-taken"),
        ({"name": 7}, 400, "bad-body"),
        ({"read_only": "yes"}, 400, "bad-body"),
        ({"last_id": 0}, 400, "bad-body"),
        ([], 400, "bad-body"),
    ],
)
def test_a_setting_that_cannot_be_is_said_so(staff: Client, body: Any, status: int, code: str) -> None:
    say("hi", GUEST, "lobby")
    answer = post(staff, f"/chat/{CLOSED}/settings/", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert Room.objects.get(name=CLOSED).last_id == 0


def test_a_room_may_change_the_case_of_its_name(staff: Client) -> None:
    assert post(staff, f"/chat/{CLOSED}/settings/", {"name": "CREW"}).json()["name"] == "CREW"


def test_a_devices_room_keeps_its_name_while_there_is_the_device(staff: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.staff.pk).update(is_superuser=True)
    Device.objects.create(slug="door", name="Door")
    room = Room.objects.create(name="device-door", members_only=True)
    form = {"name": "cellar", "membership_set-TOTAL_FORMS": 0, "membership_set-INITIAL_FORMS": 0}
    refused = staff.post(reverse("admin:threechat_room_change", args=[room.pk]), form)
    assert "A device&#x27;s room keeps its name." in refused.content.decode()
    answer = post(staff, "/chat/device-door/settings/", {"name": "cellar"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad-name")
    assert post(staff, "/chat/device-door/settings/", {"name": "Device-Door", "read_only": True}).status_code == 200
    Device.objects.all().delete()
    assert post(staff, "/chat/device-door/settings/", {"name": "cellar"}).json()["name"] == "cellar"


def test_who_deletes_a_devices_room_in_the_admin_reads_that_it_opens_again(staff: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.staff.pk).update(is_superuser=True)
    Device.objects.create(slug="door", name="Door")
    for room, opens in ((Room.objects.create(name="device-door", members_only=True), True), (cast.room, False)):
        page = staff.get(reverse("admin:threechat_room_delete", args=[room.pk])).content.decode()
        assert ("makes a new one, open to everybody" in page) == opens


def test_members_are_added_and_removed(staff: Client, cast: Cast) -> None:
    added = post(staff, f"/chat/{CLOSED}/members/", {"username": "otto"})
    assert (added.status_code, added.json()) == (201, {"id": cast.outsider.pk, "username": "otto"})
    assert post(staff, f"/chat/{CLOSED}/members/", {"username": "otto"}).status_code == 201
    names = [member["username"] for member in staff.get(f"/chat/{CLOSED}/members/").json()["members"]]
    assert names == ["mia", "otto"]
    assert client_of(cast.outsider).get(f"/chat/{CLOSED}/").status_code == 200
    assert staff.delete(f"/chat/{CLOSED}/members/{cast.outsider.pk}/").status_code == 204
    assert client_of(cast.outsider).get(f"/chat/{CLOSED}/").status_code == 403
    assert post(staff, f"/chat/{CLOSED}/members/", {"username": "nobody"}).json()["error"]["code"] == "no-such-account"
    assert post(staff, f"/chat/{CLOSED}/members/", {"username": {}}).status_code == 404


@pytest.mark.parametrize("name", ["\ud800", "\x00", "nobody", "", None, 1, ["mia"], {"a": 1}])
def test_a_name_that_no_account_has_is_said_so(staff: Client, name: Any) -> None:
    answer = post(staff, f"/chat/{CLOSED}/members/", {"username": name})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no-such-account")


def test_a_number_that_no_account_has_is_not_found(staff: Client) -> None:
    assert staff.delete(f"/chat/{CLOSED}/members/{2**63}/").status_code == 404


def test_an_invitation_lets_in_who_has_an_account(staff: Client, cast: Cast) -> None:
    url = post(staff, f"/chat/{CLOSED}/invitation/", {}).json()["url"]
    assert staff.get(f"/chat/{CLOSED}/members/").json()["invitation"] == url
    path = url.removeprefix(f"http://{HOST}")
    assert client_of(None).get(path)["Location"].startswith("/accounts/login/?next=/chat/join/")
    outsider = client_of(cast.outsider)
    assert CLOSED in outsider.get(path).content.decode()
    assert not Membership.objects.filter(user=cast.outsider).exists()  # looking is not joining
    assert outsider.post(path)["Location"] == f"/chat/{CLOSED}/"
    assert outsider.get(f"/chat/{CLOSED}/").status_code == 200


def test_a_room_called_join_has_its_pages_too(staff: Client) -> None:
    assert staff.get("/chat/join/").status_code == staff.get("/chat/join/messages/").status_code == 200
    assert staff.get("/chat/join/members/").status_code == staff.get("/chat/room/messages/").status_code == 200


@pytest.mark.parametrize("end", ["DELETE", "POST"])
def test_an_invitation_that_ended_lets_nobody_in(staff: Client, cast: Cast, end: str) -> None:
    url = post(staff, f"/chat/{CLOSED}/invitation/", {}).json()["url"].removeprefix(f"http://{HOST}")
    staff.generic(end, f"/chat/{CLOSED}/invitation/")
    assert client_of(cast.outsider).post(url).status_code == 404
    assert not Membership.objects.filter(user=cast.outsider).exists()


def test_the_admin_shows_a_page_of_messages_without_counting_or_loading_all(staff: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.staff.pk).update(is_superuser=True)
    for number in range(120):
        say(f"<b>{number}</b>", GUEST, "lobby")
    with CaptureQueriesContext(connection) as asked:
        page = staff.get(reverse("admin:threechat_message_changelist")).content.decode()
    assert "&lt;b&gt;119&lt;/b&gt;" in page
    assert "<b>119</b>" not in page
    counts = [query["sql"] for query in asked if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 10000" in sql for sql in counts)
    assert len(asked) < 15
    assert "119" in staff.get(reverse("admin:threechat_message_changelist"), {"q": "<b>119"}).content.decode()
    assert staff.get(reverse("admin:threechat_room_changelist"), {"q": "lob"}).status_code == 200
    assert staff.get(reverse("admin:threechat_room_change", args=[cast.room.pk])).status_code == 200


def test_the_admin_deletes_a_selection_as_staff_do_in_the_page(staff: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.staff.pk).update(is_superuser=True)
    for number in range(3):
        stored = say(str(number), GUEST, "lobby")
    selected = list(Message.objects.order_by("pk").values_list("pk", flat=True)[:2])
    data = {"action": "delete_selected", "_selected_action": selected, "post": "yes"}
    assert staff.post(reverse("admin:threechat_message_changelist"), data).status_code == 302
    assert Room.objects.get(pk=stored.room.pk).last_id == 5
    assert list(Message.objects.filter(kind="deleted").order_by("number").values_list("deletes", flat=True)) == [2, 1]


def test_the_admin_refuses_a_name_that_is_taken(staff: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.staff.pk).update(is_superuser=True)
    say("hi", GUEST, "lobby")
    form = {"name": "LOBBY", "membership_set-TOTAL_FORMS": 0, "membership_set-INITIAL_FORMS": 0}
    answer = staff.post(reverse("admin:threechat_room_change", args=[cast.room.pk]), form)
    assert "There is a room of this name." in answer.content.decode()


def test_a_room_that_is_changed_while_people_write_keeps_its_numbers(cast: Cast) -> None:
    opened_before = Room.objects.get(pk=cast.room.pk)  # as the admin does with each form
    say("one", person_of(cast.member))
    opened_before.read_only = True
    opened_before.save()
    room = Room.objects.get(pk=cast.room.pk)
    assert (room.last_id, room.read_only) == (1, True)
    room.read_only = False
    room.save()
    assert say("two", person_of(cast.member)).message.number == 2


def test_a_room_that_is_renamed_while_it_is_closed_keeps_the_key_of_its_new_name(cast: Cast) -> None:
    before = Room.objects.get(pk=cast.room.pk)
    cast.room.name = "Deck"
    cast.room.save(update_fields=["name"])
    before.read_only = True
    before.save(update_fields=["read_only"])
    room = Room.objects.get(pk=cast.room.pk)
    assert (room.name, room.key, room.read_only) == ("Deck", room_named("Deck").key, True)


def test_the_admin_renames_a_room(staff: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.staff.pk).update(is_superuser=True)
    form = {"name": "Deck", "membership_set-TOTAL_FORMS": 0, "membership_set-INITIAL_FORMS": 0}
    assert staff.post(reverse("admin:threechat_room_change", args=[cast.room.pk]), form).status_code == 302
    assert Room.objects.get(key=room_named("Deck").key).name == "Deck"
