"""`telemetry` in a device's room: each change once, not too often, and what pages hear of alarms meanwhile."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection
from django.utils import timezone, translation

from tests.sockets import next_of, opened
from tests.tables import without_table
from threechat.alarm_messages import PAUSE, Said, Voice, due_rules, say
from threechat.history import history_page
from threechat.messages import message_frame
from threechat.models import Message, Room
from threechat.tests.cast import client_of, make_cast, socket_of
from two.alarms.sweep import rule_watch
from two.alarms.wire import Teller, alarm_frame, news, tell
from two.models import Alarm, Delivery, Rule
from two.nanoseconds import NS_PER_MS, NS_PER_SECOND
from two.recorder import recorder
from two.samples import Sample
from two.tests.cast import make_alarm, make_rule

pytestmark = pytest.mark.django_db(transaction=True)
START_NS = time.time_ns() // NS_PER_SECOND * NS_PER_SECOND - 600 * NS_PER_SECOND
ROOM = "device-boiler"


def at_ns(second: float) -> int:
    return START_NS + int(second * NS_PER_SECOND)


def at_ms(second: float) -> int:
    return at_ns(second) // NS_PER_MS


def raise_alarm(rule: Rule, second: float, until: float | None = None, value: float | None = 71.25) -> Alarm:
    cleared_ns = None if until is None else at_ns(until)
    return make_alarm(rule, at_ns(second), cleared_ns=cleared_ns, value=value)


def clear(alarm: Alarm, second: float) -> None:
    Alarm.objects.filter(pk=alarm.pk).update(cleared_ns=at_ns(second))


def a_minute_later() -> None:
    """For all that was said."""
    Rule.objects.exclude(told_on=None).update(told_on=timezone.now() - PAUSE)


def told(rule: Rule) -> list[int]:
    return list(Alarm.objects.filter(rule=rule).order_by("raised_ns").values_list("told", flat=True))


def text_of(said: Said | None) -> str:
    assert said
    return said.stored.message.text


# What is said


def test_what_is_raised_is_said_once_about_its_moment() -> None:
    rule = make_rule()
    alarm = raise_alarm(rule, 10)
    assert due_rules() == [rule.pk]
    said = say(rule.pk)
    assert said
    frame = message_frame(said.stored.message)
    assert (frame["username"], frame["sender"], frame["guest"], frame["type"]) == (
        "telemetry",
        "telemetry",
        False,
        "text",
    )
    assert frame["message"] == "Raised: temperature above 70 °C · 71.25 °C"
    assert frame["about"] == {"device": "boiler", "metric": "temperature", "at": at_ms(10)}
    assert frame["alarm"] == {"id": alarm.pk, "state": "raised"}
    assert said.stored.room.name == ROOM
    a_minute_later()
    assert (due_rules(), say(rule.pk)) == ([], None)
    assert Message.objects.count() == 1


def test_what_is_cleared_is_said_once_about_its_end() -> None:
    rule = make_rule(hold_seconds=60)
    alarm = raise_alarm(rule, 10)
    say(rule.pk)
    clear(alarm, 25.5)
    a_minute_later()
    said = say(rule.pk)
    assert text_of(said) == "Cleared after 15 s: temperature above 70 °C for 60 s"
    assert said
    frame = message_frame(said.stored.message)
    assert frame["about"]["at"] == at_ms(25.5)
    assert frame["alarm"] == {"id": alarm.pk, "state": "cleared"}
    a_minute_later()
    assert (due_rules(), say(rule.pk)) == ([], None)


def test_what_everybody_reads_is_in_the_sites_language() -> None:
    alarm = raise_alarm(make_rule(), 10)
    with translation.override("zh-hans"):
        frame, said = alarm_frame(alarm), say(alarm.rule_id)
    assert frame["rule"] == "temperature above 70 °C"
    assert text_of(said).startswith("Raised: temperature above 70 °C")


def test_silence_has_no_value() -> None:
    rule = make_rule("silent", hold_seconds=60)
    raise_alarm(rule, 10, value=None)
    assert text_of(say(rule.pk)) == "Raised: temperature silent for 60 s"


def test_a_rate_is_not_followed_by_a_value_that_is_none() -> None:
    rule = make_rule("rate", 200)
    alarm = raise_alarm(rule, 10)
    said = say(rule.pk)
    assert text_of(said) == "Raised: temperature changes faster than 200 °C a minute"
    assert alarm_frame(alarm)["value"] == 71.25


def test_what_was_counted_but_not_kept_is_said_once() -> None:
    rule = make_rule(untold=500)
    alarm = raise_alarm(rule, 10, until=11)
    raise_alarm(rule, 12, until=14)
    assert text_of(say(rule.pk)) == "Raised for 2 s: temperature above 70 °C · and 501 alarms before it"
    a_minute_later()
    make_alarm(rule, alarm.raised_ns)
    assert text_of(say(rule.pk)) == "Raised: temperature above 70 °C"


def test_what_came_and_went_unheard_is_one_message() -> None:
    rule = make_rule()
    alarm = raise_alarm(rule, 10, until=12)
    said = say(rule.pk)
    assert text_of(said) == "Raised for 2 s: temperature above 70 °C"
    assert said
    assert message_frame(said.stored.message)["alarm"] == {"id": alarm.pk, "state": "cleared"}
    a_minute_later()
    assert say(rule.pk) is None


def test_a_rule_speaks_at_most_once_a_minute_and_the_rest_is_counted() -> None:
    rule, other = make_rule(), make_rule("below", 10)
    first = raise_alarm(rule, 0)
    say(rule.pk)
    clear(first, 5)
    for second in range(10, 50, 10):
        raise_alarm(rule, second, until=second + 5)
        assert (due_rules(), say(rule.pk)) == ([], None)
    last = raise_alarm(rule, 50)
    raise_alarm(other, 50)
    assert due_rules() == [other.pk]  # which has said nothing yet
    Rule.objects.update(told_on=timezone.now() - PAUSE + timedelta(seconds=2))
    assert (due_rules(), say(rule.pk)) == ([], None)
    a_minute_later()
    said = say(rule.pk)
    assert text_of(said) == "Raised: temperature above 70 °C · 71.25 °C · and 5 alarms before it"
    assert said
    assert said.alarm == last
    assert told(rule) == [Alarm.Told.ALL] * 5 + [Alarm.Told.RAISED]
    clear(last, 60)
    assert say(rule.pk) is None
    a_minute_later()
    assert text_of(say(rule.pk)) == "Cleared after 10 s: temperature above 70 °C"


def test_a_clock_that_was_set_back_silences_nobody() -> None:
    rule = make_rule(told_on=timezone.now() + timedelta(hours=1))
    raise_alarm(rule, 10)
    assert due_rules() == [rule.pk]
    assert text_of(say(rule.pk)).startswith("Raised")


def test_who_asks_at_the_same_time_says_it_once() -> None:
    rules = [make_rule(threshold=threshold) for threshold in range(5)]
    for rule in rules:
        raise_alarm(rule, 10)

    def act() -> list[Said | None]:
        try:
            return [say(rule_id) for rule_id in due_rules()]
        finally:
            connection.close()

    async def together() -> list[list[Said | None]]:
        return await asyncio.gather(*(asyncio.to_thread(act) for _ in range(4)))

    said = asyncio.run(together())
    assert sum(one is not None for group in said for one in group) == len(rules)
    assert sorted(Message.objects.values_list("alarm__rule", flat=True)) == [rule.pk for rule in rules]
    assert sorted(Message.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5]
    assert Room.objects.get().last_id == 5


def test_a_room_that_is_read_only_or_for_members_hears_of_its_device() -> None:
    cast = make_cast()
    Room.objects.create(name=ROOM, read_only=True, members_only=True).members.add(cast.member)
    rule = make_rule()
    raise_alarm(rule, 10)
    said = say(rule.pk)
    assert said
    assert said.stored.readers == (str(cast.staff.pk), str(cast.member.pk))


def test_what_is_said_stays_when_the_rule_goes() -> None:
    rule = make_rule()
    raise_alarm(rule, 10)
    said = say(rule.pk)
    assert said
    rule.delete()
    [frame] = history_page(said.stored.room, None, None, 50)["messages"]
    assert frame["alarm"] == {"id": None, "state": "raised"}  # type: ignore[typeddict-item]
    assert (due_rules(), say(rule.pk or 1)) == ([], None)


# Webhooks


def test_a_webhook_gets_what_the_room_gets() -> None:
    quiet, rule = make_rule(), make_rule("below", 80, webhook_url="https://example.com/alarms")
    raise_alarm(quiet, 10)
    alarm = raise_alarm(rule, 10)
    for one in (quiet, rule):
        say(one.pk)
    delivery = Delivery.objects.get()
    assert delivery.rule == rule
    assert json.loads(delivery.body) == {
        "event": "raised",
        "rule": rule.pk,
        "alarm": alarm_frame(alarm),
        "text": "Raised: temperature below 80 °C · 71.25 °C",
    }


@pytest.mark.parametrize("table", ["two_delivery", "threechat_message"])
def test_a_message_and_its_delivery_are_stored_together_or_not_at_all(table: str) -> None:
    rule = make_rule(webhook_url="https://example.com/alarms")
    raise_alarm(rule, 10)
    with without_table(table), pytest.raises(DatabaseError):
        say(rule.pk)
    assert (Message.objects.count(), Delivery.objects.count(), told(rule)) == (0, 0, [Alarm.Told.NOTHING])
    assert due_rules() == [rule.pk]
    say(rule.pk)
    assert (Message.objects.count(), Delivery.objects.count(), told(rule)) == (1, 1, [Alarm.Told.RAISED])


# On open pages


@asynccontextmanager
async def speaking() -> AsyncIterator[None]:
    """The voice as a server runs it."""
    task = asyncio.create_task(Voice().run())
    await asyncio.sleep(0)  # it listens
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def record(second: float, value: float) -> None:
    await recorder.record([Sample("boiler", "temperature", at_ns(second), value)])


@pytest.mark.usefixtures("fanout", "nothing_left")
async def test_pages_hear_of_an_alarm_at_once_and_then_of_its_message_and_pin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("threechat.alarm_messages.LOOK_SECONDS", 60)
    rule = await sync_to_async(make_rule)()
    member = await opened(f"/ws/chat/{ROOM}/")
    page = await opened("/ws/two/?device=oven&events=all")  # of all devices
    async with speaking():
        await record(10, 60)
        await record(20, 75)
        raised = (await next_of(page, "alarm"))["alarm"]
        assert (raised["raised"], raised["cleared"], raised["value"]) == (at_ms(20), None, 75)
        said = await member.receive_json_from(timeout=5)
        assert said["message"] == "Raised: temperature above 70 °C · 75 °C"
        assert said["alarm"] == {"id": raised["id"], "state": "raised"}
        pin = (await next_of(page, "pin"))["pin"]
        assert pin == {
            **said["about"],
            "until": at_ms(20),
            "count": 1,
            "room": ROOM,
            "message": {
                "id": said["id"],
                "type": "text",
                "username": "telemetry",
                "text": said["message"],
                "datetime": said["datetime"],
            },
        }
        await record(30, 60)
        while (cleared := (await next_of(page, "alarm"))["alarm"])["cleared"] is None:
            pass
        assert cleared == {**raised, "cleared": at_ms(30)}
        assert await member.receive_nothing()  # within the minute
        await sync_to_async(a_minute_later)()
        news.send(sender=None)
        assert (await member.receive_json_from(timeout=5))["alarm"] == {"id": raised["id"], "state": "cleared"}
    assert await Alarm.objects.filter(rule=rule).acount() == 1
    for client in (member, page):
        await client.disconnect()


@pytest.mark.usefixtures("fanout", "nothing_left")
async def test_who_did_not_ask_for_events_hears_readings_alone() -> None:
    await sync_to_async(make_rule)()
    simple = await opened("/ws/two/?device=boiler")
    full = await opened("/ws/two/?device=boiler&events=all")
    async with speaking():
        await record(10, 99)
        await next_of_kind(full, "pin")
        await record(20, 98)
        values = []
        while 98 not in values:
            values += [reading["data"] for reading in await simple.receive_json_from(timeout=5)]
        assert values == [99, 98]
    for client in (simple, full):
        await client.disconnect()


async def next_of_kind(client: Any, kind: str) -> Any:
    """The same among arrays of readings."""
    while not isinstance(frame := await client.receive_json_from(timeout=5), dict) or frame["type"] != kind:
        pass
    return frame


@pytest.mark.usefixtures("nothing_left")
async def test_pages_hear_of_the_end_of_an_alarm_though_others_follow_at_once() -> None:
    await sync_to_async(make_rule)()
    page = await opened("/ws/two/?device=oven&events=all")
    await record(10, 99)
    opened_id = (await next_of(page, "alarm"))["alarm"]["id"]
    storm = [Sample("boiler", "temperature", at_ns(second), 99.0 * (second % 2)) for second in range(12, 30)]
    await recorder.record(storm)
    frames = [(await next_of(page, "alarm"))["alarm"] for _ in range(2)]
    assert (frames[0]["id"], frames[0]["cleared"]) == (opened_id, at_ms(12))
    assert (frames[1]["raised"], frames[1]["cleared"]) == (at_ms(29), None)
    assert await page.receive_nothing()
    await page.disconnect()


@pytest.mark.usefixtures("nothing_left")
async def test_of_a_rule_that_flaps_pages_get_few_frames_and_soon_the_last_state() -> None:
    await sync_to_async(make_rule)()
    page = await opened("/ws/two/?device=oven&events=all")
    began = time.monotonic()
    for second in range(60):
        await record(second, 99.0 * (second % 2))
    await record(60, 0)
    known: dict[int, Any] = {}
    frames = 0
    while at_ms(60) not in (alarm["cleared"] for alarm in known.values()):
        alarm = (await next_of(page, "alarm"))["alarm"]
        known[alarm["id"]] = alarm
        frames += 1
    assert frames <= 2 * (2 + time.monotonic() - began)
    assert all(alarm["cleared"] for alarm in known.values())  # none stands open
    assert await page.receive_nothing()
    await page.disconnect()


@pytest.mark.usefixtures("nothing_left")
async def test_a_rule_that_flaps_delays_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("two.alarms.wire.FRAMES_SECONDS", 3.0)  # longer than a busy machine takes to record all this
    monkeypatch.setattr("two.alarms.wire.teller", Teller())
    await sync_to_async(make_rule)()
    await sync_to_async(make_rule)(metric="pressure")
    page = await opened("/ws/two/?device=oven&events=all")
    for second in range(9):
        await record(second, 99.0 * (second % 2))
    await recorder.record([Sample("boiler", "pressure", at_ns(9), 99)])
    found = [(await page.receive_json_from(timeout=5))["alarm"]["metric"] for _ in range(3)]
    assert found == ["temperature", "temperature", "pressure"]
    await page.disconnect()


@pytest.mark.usefixtures("nothing_left")
async def test_what_another_process_recorded_is_found_a_little_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.alarm_messages.LOOK_SECONDS", 0.02)
    rule = await sync_to_async(make_rule)()
    member = await opened(f"/ws/chat/{ROOM}/")
    async with speaking():
        await sync_to_async(raise_alarm)(rule, 10)
        assert (await member.receive_json_from(timeout=5))["alarm"]["state"] == "raised"
    await member.disconnect()


@pytest.mark.usefixtures("nothing_left")
async def test_while_there_are_no_rules_it_looks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threechat.alarm_messages.LOOK_SECONDS", 0.02)
    monkeypatch.setattr(rule_watch, "has_rules", False)
    await sync_to_async(raise_alarm)(await sync_to_async(make_rule)(), 10)
    member = await opened(f"/ws/chat/{ROOM}/")
    async with speaking():
        assert await member.receive_nothing(timeout=0.2)
        rule_watch.has_rules = True
        assert (await member.receive_json_from(timeout=5))["alarm"]["state"] == "raised"
    await member.disconnect()


@pytest.mark.usefixtures("nothing_left")
async def test_many_rules_at_once_are_all_told_without_waiting_for_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("threechat.alarm_messages.LOOK_SECONDS", 60)
    monkeypatch.setattr("threechat.alarm_messages.MAX_SPEAKING", 2)
    rules = [await sync_to_async(make_rule)(threshold=threshold) for threshold in range(5)]
    for rule in rules:
        await sync_to_async(raise_alarm)(rule, 10)
    member = await opened(f"/ws/chat/{ROOM}/")
    async with speaking():
        news.send(sender=None)
        said = [await member.receive_json_from(timeout=5) for _ in rules]
    assert [frame["id"] for frame in said] == [1, 2, 3, 4, 5]
    await member.disconnect()


@pytest.mark.usefixtures("nothing_left")
async def test_what_is_said_in_a_members_room_is_pinned_for_members_and_staff_alone() -> None:
    cast = await sync_to_async(make_cast)()
    rule = await sync_to_async(make_rule)()
    room = await Room.objects.acreate(name=ROOM, members_only=True)
    await sync_to_async(room.members.add)(cast.member)
    pages: dict[str, Any] = {}
    for name, user in (("member", cast.member), ("staff", cast.staff), ("outsider", cast.outsider), ("guest", None)):
        path = "/ws/two/?device=oven&events=all"
        client = await sync_to_async(client_of)(user)
        pages[name] = await (socket_of(client, path) if user else opened(path))
    alarm = await sync_to_async(raise_alarm)(rule, 10)
    async with speaking():
        tell([await Alarm.objects.select_related("rule__metric__device").aget(pk=alarm.pk)])
        for name in ("member", "staff"):
            assert (await next_of(pages[name], "pin"))["pin"]["room"] == ROOM
        for name in ("outsider", "guest"):
            for _ in range(2):  # when it is raised, and when it is told
                assert (await pages[name].receive_json_from(timeout=5))["type"] == "alarm"
            assert await pages[name].receive_nothing()
    for page in pages.values():
        await page.disconnect()
