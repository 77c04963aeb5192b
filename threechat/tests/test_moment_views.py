"""What is asked for a window: its pins and alarms; every open alarm; and who takes note of one."""

import asyncio
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils import timezone

from examplechannels.limits import Buckets
from tests.sockets import HOST, next_of, opened
from tests.tables import awithout_table
from threechat.limits import BURST_FRAMES
from threechat.messages import wire_time
from threechat.models import Message, Room
from threechat.rooms import room_named
from threechat.storage import delete_message
from threechat.tests.cast import CLOSED, Cast, client_of, make_cast
from two.models import AccessToken, Alarm, Rule
from two.nanoseconds import NS_PER_MS
from two.tests.cast import make_alarm, make_rule

pytestmark = pytest.mark.django_db(transaction=True)
NOW_MS = time.time_ns() // NS_PER_MS
ROOM = "device-boiler"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


# Pins


def pin(
    *times: int, device: str = "boiler", metric: str = "temperature", room: str = ROOM, **more: Any
) -> list[Message]:
    """Messages about moments, in milliseconds after `NOW_MS`, in this order."""
    owner, _ = Room.objects.get_or_create(key=room_named(room).key, defaults={"name": room})
    first = owner.last_id + 1
    made = [
        Message(
            room=owner,
            number=number,
            username="mia",
            sender="s",
            sent_on=timezone.now(),
            about_device=device,
            about_metric=metric,
            about_at=NOW_MS + at,
            **{"text": f"m{number}", **more},
        )
        for number, at in enumerate(times, start=first)
    ]
    Message.objects.bulk_create(made, batch_size=1_000)
    Room.objects.filter(pk=owner.pk).update(last_id=owner.last_id + len(made))
    return made


def answer_to(client: Client, since: int = 0, until: int = 1_000, query: str = "") -> Any:
    answer = client.get(f"/two/moments/?since={NOW_MS + since}&until={NOW_MS + until}{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def pins_of(client: Client, since: int = 0, until: int = 1_000, query: str = "") -> list[Any]:
    pins: list[Any] = answer_to(client, since, until, query)["pins"]
    return pins


def times_of(client: Client, since: int = 0, until: int = 1_000, query: str = "") -> list[int]:
    return [found["at"] - NOW_MS for found in pins_of(client, since, until, query)]


def test_a_window_has_its_beginning_and_not_its_end() -> None:
    pin(-1, 0, 500, 999, 1_000)
    assert times_of(client_of(None)) == [0, 500, 999]
    assert times_of(client_of(None), 500, 501) == [500]
    assert times_of(client_of(None), 501, 501) == times_of(client_of(None), 600, 500) == []


def test_a_pin_says_who_said_what_where() -> None:
    [message] = pin(5, text="ö" * 300)
    pin(7, kind="image", text="")
    first, second = pins_of(client_of(None))
    assert first == {
        "device": "boiler",
        "metric": "temperature",
        "at": NOW_MS + 5,
        "until": NOW_MS + 5,
        "count": 1,
        "room": ROOM,
        "message": {
            "id": 1,
            "type": "text",
            "username": "mia",
            "text": "ö" * 200,
            "datetime": wire_time(message.sent_on),
        },
    }
    assert (second["message"]["type"], second["message"]["text"]) == ("image", "")


def test_pins_come_by_time_whoever_spoke_first() -> None:
    pin(30, 10)
    pin(20, device="oven", room="lobby")
    assert times_of(client_of(None)) == [10, 20, 30]


def test_who_names_devices_gets_theirs() -> None:
    for number, device in enumerate(("boiler", "oven", "attic")):
        pin(number, device=device, room="lobby")
    client = client_of(None)
    assert times_of(client, query="&device=oven") == [1]
    assert times_of(client, query="&device=oven&device=attic&device=toaster") == [1, 2]
    assert times_of(client, query="&device=*") == times_of(client) == [0, 1, 2]
    assert times_of(client, query="&device=toaster") == []


def test_what_was_deleted_is_no_pin() -> None:
    kept, gone = pin(1, 2)
    delete_message(gone.room_id, gone.number)
    assert times_of(client_of(None)) == [1]
    assert kept.room_id == gone.room_id


@pytest.mark.parametrize(("query", "code"), [("since=x", "not-a-number"), ("until=1e3", "not-a-number")])
@pytest.mark.parametrize("more", ["", "&points=5"])
def test_a_query_that_makes_no_sense_is_refused(query: str, code: str, more: str) -> None:
    answer = client_of(None).get(f"/two/moments/?{query}{more}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("query", ["points=0", "points=5001", "points=-1", "since=" + "9" * 40, "device=\0"])
def test_what_is_out_of_bounds_is_refused_or_finds_nothing(query: str) -> None:
    pin(0)
    answer = client_of(None).get(f"/two/moments/?{query}")
    assert answer.status_code == 400 or answer.json() == {"pins": [], "alarms": []}


def test_as_many_pins_as_asked_for_stay_alone() -> None:
    pin(*range(0, 1_000, 100))
    pin(*range(50, 1_000, 100), metric="pressure")
    assert {found["count"] for found in pins_of(client_of(None), query="&points=10")} == {1}
    assert len(pins_of(client_of(None), query="&points=10")) == 20


def test_more_come_gathered_and_their_counts_add_up() -> None:
    times = [(number * 7919) % 1_000 for number in range(997)]  # not in the order that they were said in
    pin(*times)
    pin(500, 600, metric="pressure")
    found = pins_of(client_of(None), query="&points=10")
    alone = [one for one in found if one["metric"] == "pressure"]
    groups = [one for one in found if one["metric"] == "temperature"]
    assert [(one["at"] - NOW_MS, one["count"]) for one in alone] == [(500, 1), (600, 1)]
    assert len(groups) == 10
    assert sum(group["count"] for group in groups) == len(times)
    for number, group in enumerate(groups):
        own = sorted(at for at in times if number * 100 <= at < (number + 1) * 100)
        assert (group["at"] - NOW_MS, group["until"] - NOW_MS, group["count"]) == (own[0], own[-1], len(own))
        latest = max(index for index, at in enumerate(times, start=1) if at in own)
        assert (group["message"]["id"], group["message"]["text"]) == (latest, f"m{latest}")


def test_ten_thousand_pins_are_one_answer() -> None:
    pin(*range(10_000))
    found = pins_of(client_of(None), 0, 10_000, "&points=200")
    assert (len(found), sum(one["count"] for one in found)) == (200, 10_000)
    assert found == sorted(found, key=lambda one: one["at"])


def test_of_too_many_the_latest_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for metric in ("temperature", "pressure"):
        pin(*range(100), metric=metric)
    monkeypatch.setattr("threechat.pins.MAX_SHOWN", 50)
    assert times_of(client_of(None)) == [at for at in range(75, 100) for _ in range(2)]
    monkeypatch.setattr("threechat.pins.MAX_SCANNED", 20)
    assert times_of(client_of(None)) == [at for at in range(90, 100) for _ in range(2)]


def test_pins_of_a_room_for_members_are_for_members_and_staff(cast: Cast) -> None:
    pin(1)
    pin(2, room=CLOSED)
    seen = [times_of(client_of(user)) for user in (None, cast.outsider, cast.member, cast.staff)]
    assert seen == [[1], [1], [1, 2], [1, 2]]
    cast.room.members.remove(cast.member)
    assert times_of(client_of(cast.member)) == [1]
    Room.objects.filter(pk=cast.room.pk).update(members_only=False)
    assert times_of(client_of(None)) == [1, 2]


def test_a_gathered_pin_shows_nothing_from_rooms_of_others(cast: Cast) -> None:
    pin(*range(0, 40, 2))
    pin(*range(1, 40, 2), room=CLOSED, text="secret")
    for user, count in ((None, 20), (cast.outsider, 20), (cast.member, 40), (cast.staff, 40)):
        found = pins_of(client_of(user), 0, 40, "&points=4")
        assert sum(one["count"] for one in found) == count
        assert {one["room"] for one in found} == ({ROOM} if count == 20 else {CLOSED})


def test_a_wall_sees_the_alarms_and_nothing_that_people_say(cast: Cast, login_required: None) -> None:
    pin(1)
    pin(2, room=CLOSED)
    alarm(make_rule(), 0)
    view = AccessToken.issue(AccessToken.Scope.VIEW)
    wall = Client(HTTP_HOST=HOST)
    assert times_of(wall, query=f"&view={view}") == []
    assert times_of(client_of(cast.outsider)) == [1]
    assert len(answer_to(wall, query=f"&view={view}")["alarms"]) == 1
    assert len(wall.get(f"/two/alarms/?view={view}").json()["alarms"]) == 1
    for path in ("/two/moments/", "/two/alarms/", "/two/moments/?view=wrong", "/two/alarms/?view=wrong"):
        assert wall.get(path, headers={"Accept": "*/*"}).status_code == 401
    assert times_of(client_of(cast.outsider)) == [1]


# Alarms


def alarm(rule: Rule, since: int, until: int | None = None, **more: Any) -> Alarm:
    cleared_ns = None if until is None else (NOW_MS + until) * NS_PER_MS
    return make_alarm(rule, (NOW_MS + since) * NS_PER_MS, cleared_ns=cleared_ns, **{"value": 71.2, **more})


def test_a_window_has_the_alarms_that_overlap_it() -> None:
    rule, oven = make_rule(hold_seconds=60), make_rule("silent", device="oven", hold_seconds=60)
    alarm(rule, -500, -1)
    ended, within = alarm(rule, -400, 0), alarm(rule, 10, 20)
    still, later = alarm(rule, 500), alarm(oven, 1_000, value=None)
    around = alarm(oven, -300, 1_500, value=None)

    def ids(query: str = "", until: int = 1_000) -> set[int]:
        return {found["id"] for found in answer_to(client_of(None), 0, until, query)["alarms"]}

    assert ids() == {ended.pk, within.pk, still.pk, around.pk}
    assert ids("&device=oven") == {around.pk}
    assert ids("&device=oven&device=boiler") == ids()
    assert ids(until=1_001) == {*ids(), later.pk}


def test_of_too_many_alarms_the_open_ones_and_the_latest_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("two.alarms.wire.MAX_ALARMS", 2)
    still = alarm(make_rule(), 0)
    rule = make_rule("below")
    latest = [alarm(rule, second, second + 1) for second in (10, 20)][-1]
    found = answer_to(client_of(None), 0, 1_000)["alarms"]
    assert [one["id"] for one in found] == [still.pk, latest.pk]


def test_every_open_alarm_is_listed_the_newest_first() -> None:
    rule, silent = make_rule(), make_rule("silent", hold_seconds=60)
    alarm(rule, 0, 10)
    first = alarm(silent, 20, value=None)
    second = alarm(rule, 30, acknowledged_by="anna", acknowledged_on=timezone.now())
    answer = client_of(None).get("/two/alarms/").json()
    assert abs(answer["now"] - time.time() * 1000) < 60_000
    assert second.acknowledged_on
    assert answer["alarms"] == [
        {
            "id": second.pk,
            "device": "boiler",
            "metric": "temperature",
            "unit": "°C",
            "rule": "temperature above 70 °C",
            "kind": "above",
            "threshold": 70,
            "raised": NOW_MS + 30,
            "cleared": None,
            "value": 71.2,
            "acknowledged": {"by": "anna", "at": int(second.acknowledged_on.timestamp() * 1000)},
            "room": ROOM,
        },
        {
            "id": first.pk,
            "device": "boiler",
            "metric": "temperature",
            "unit": "°C",
            "rule": "temperature silent for 60 s",
            "kind": "silent",
            "threshold": None,
            "raised": NOW_MS + 20,
            "cleared": None,
            "value": None,
            "acknowledged": None,
            "room": ROOM,
        },
    ]


@pytest.mark.parametrize(
    ("path", "method"), [("moments/", "post"), ("alarms/", "post"), ("alarms/1/acknowledge/", "get")]
)
def test_other_methods_are_refused(path: str, method: str) -> None:
    assert getattr(client_of(None), method)(f"/two/{path}").status_code == 405


# Taking note


def path_of(alarm: Alarm) -> str:
    return f"/two/alarms/{alarm.pk}/acknowledge/"


@sync_to_async
def acknowledge(client: Client, alarm: Alarm, **form: str) -> tuple[int, Any]:
    answer = client.post(path_of(alarm), form)
    return answer.status_code, answer.json()


@sync_to_async
def raised(until: int | None = None) -> Alarm:
    return alarm(make_rule(), 0, until)


client_for = sync_to_async(client_of)


async def test_who_takes_note_says_so_in_the_room_and_every_page_hears_it(nothing_left: None, cast: Cast) -> None:
    alarm = await raised()
    member = await opened(f"/ws/chat/{ROOM}/")
    page = await opened("/ws/two/?device=attic&events=all")
    status, answer = await acknowledge(await client_for(cast.outsider), alarm)
    assert (status, answer["alarm"]["id"], answer["alarm"]["cleared"]) == (200, alarm.pk, None)
    assert answer["alarm"]["acknowledged"]["by"] == "otto"
    assert abs(answer["alarm"]["acknowledged"]["at"] - time.time() * 1000) < 60_000
    said = await member.receive_json_from(timeout=5)
    assert (said["username"], said["guest"], said["message"]) == (
        "otto",
        False,
        "Acknowledged: temperature above 70 °C",
    )
    assert said["alarm"] == {"id": alarm.pk, "state": "acknowledged"}
    assert said["about"] == {"device": "boiler", "metric": "temperature", "at": NOW_MS}
    assert (await next_of(page, "pin"))["pin"]["message"]["username"] == "otto"
    assert (await next_of(page, "alarm"))["alarm"] == answer["alarm"]
    assert await acknowledged_by() == ["otto"]
    for client in (member, page):
        await client.disconnect()


@sync_to_async
def acknowledged_by() -> list[str]:
    answer = client_of(None).get("/two/alarms/").json()
    return [found["acknowledged"]["by"] for found in answer["alarms"] if found["acknowledged"]]


@sync_to_async
def guest_of(client: Client) -> str:
    name: str = client.session["guest"]["name"]
    return name


async def test_a_guest_takes_note_under_the_name_of_the_session() -> None:
    alarm = await raised()
    client = await client_for(None)
    await sync_to_async(client.get)(f"/chat/{ROOM}/")
    status, answer = await acknowledge(client, alarm)
    message = await Message.objects.aget()
    assert (status, message.guest, message.has_session) == (200, True, True)
    assert answer["alarm"]["acknowledged"]["by"] == message.username == await guest_of(client)


@pytest.mark.usefixtures("cast")
async def test_a_guest_takes_note_under_the_name_that_was_chosen() -> None:
    alarm = await raised()
    client = await client_for(None)
    for taken in ("sara", "Telemetry"):
        status, answer = await acknowledge(client, alarm, username=taken)
        assert (status, answer["error"]["code"]) == (409, "name-taken")
    status, answer = await acknowledge(client, alarm, username=" Zoé ")
    message = await Message.objects.aget()
    assert (status, message.guest, message.has_session) == (200, True, True)
    assert answer["alarm"]["acknowledged"]["by"] == message.username == "Zoé"


async def test_a_guest_without_a_session_gets_one() -> None:
    client = await client_for(None)
    assert (await acknowledge(client, await raised()))[0] == 200
    message = await Message.objects.aget()
    assert (message.has_session, message.username) == (True, await guest_of(client))


async def test_of_an_alarm_that_is_over_nobody_takes_note() -> None:
    alarm = await raised(until=10)
    status, answer = await acknowledge(await client_for(None), alarm)
    assert (status, answer["error"]["code"]) == (409, "cleared")
    await alarm.arefresh_from_db()
    assert alarm.acknowledged_on is None
    assert not await Message.objects.aexists()
    await Alarm.objects.filter(pk=alarm.pk).aupdate(acknowledged_on=timezone.now())
    status, answer = await acknowledge(await client_for(None), alarm)
    assert (status, answer["error"]["code"]) == (409, "acknowledged")


async def test_the_second_hears_that_somebody_was_first(cast: Cast) -> None:
    alarm = await raised()
    clients = [await client_for(user) for user in (cast.member, cast.outsider, None)]
    answers = await asyncio.gather(*(acknowledge(client, alarm) for client in clients))
    assert sorted(status for status, _ in answers) == [200, 409, 409]
    assert {answer["error"]["code"] for status, answer in answers if status == 409} == {"acknowledged"}
    assert await Message.objects.acount() == 1


async def test_an_alarm_that_is_gone_is_not_found() -> None:
    alarm = await raised()
    await Rule.objects.all().adelete()
    status, answer = await acknowledge(await client_for(None), alarm)
    assert (status, answer["error"]["code"]) == (404, "no-such-alarm")
    assert not await Room.objects.aexists()


async def test_a_number_beyond_every_alarm_is_not_found() -> None:
    assert (await acknowledge(await client_for(None), Alarm(pk=10**30)))[0] == 404


async def test_who_may_not_enter_the_devices_room_may_not_take_note(cast: Cast) -> None:
    alarm = await raised()
    room = await Room.objects.acreate(name=ROOM, members_only=True)
    await sync_to_async(room.members.add)(cast.member)
    answers = [await acknowledge(await client_for(user), alarm) for user in (None, cast.outsider)]
    assert [(status, answer["error"]["code"]) for status, answer in answers] == [(401, "log-in"), (403, "not-a-member")]
    assert not await Message.objects.aexists()
    status, answer = await acknowledge(await client_for(cast.member), alarm)
    assert (status, answer["alarm"]["acknowledged"]["by"]) == (200, "")
    assert await acknowledged_by() == [""]  # everybody may see that somebody did
    assert (await Message.objects.aget()).username == cast.member.username
    assert (await acknowledge(await client_for(cast.outsider), alarm))[0] == 403  # not that somebody was first


async def test_nobody_takes_note_where_nobody_writes(cast: Cast) -> None:
    alarm = await raised()
    await Room.objects.acreate(name=ROOM, read_only=True)
    status, answer = await acknowledge(await client_for(cast.staff), alarm)
    assert (status, answer["error"]["code"]) == (403, "read-only")
    await alarm.arefresh_from_db()
    assert (alarm.acknowledged_by, alarm.acknowledged_on) == ("", None)
    assert not await Message.objects.aexists()


async def test_who_is_who_is_not_taken_from_the_address_or_the_body(cast: Cast) -> None:
    alarm = await raised()
    client = await client_for(cast.outsider)
    answer = await sync_to_async(client.post)(f"{path_of(alarm)}?username=sara", {"username": "sara"})
    assert answer.json()["alarm"]["acknowledged"]["by"] == "otto"


def test_another_site_cannot_take_note_for_somebody(cast: Cast) -> None:
    client = Client(HTTP_HOST=HOST, enforce_csrf_checks=True)
    client.force_login(cast.member)
    one = alarm(make_rule(), 0)
    assert client.post(path_of(one)).status_code == 403
    one.refresh_from_db()
    assert one.acknowledged_on is None


def test_a_wall_only_looks(login_required: None) -> None:
    one = alarm(make_rule(), 0)
    view = AccessToken.issue(AccessToken.Scope.VIEW)
    for query in ("", f"?view={view}"):
        assert Client(HTTP_HOST=HOST).post(path_of(one) + query).status_code == 401
    one.refresh_from_db()
    assert one.acknowledged_on is None


async def test_who_clicks_without_end_is_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.limits.people", Buckets(BURST_FRAMES, 0.001))  # each click takes time
    alarm = await raised()
    client = await client_for(None)
    statuses = [(await acknowledge(client, alarm))[0] for _ in range(BURST_FRAMES + 1)]
    assert statuses == [200] + [409] * (BURST_FRAMES - 1) + [429]


async def test_what_could_not_be_stored_is_to_be_sent_again() -> None:
    alarm = await raised()
    client = await client_for(None)
    async with awithout_table("threechat_message"):
        assert (await acknowledge(client, alarm))[0] == 503
    assert (await acknowledge(client, alarm))[0] == 200
