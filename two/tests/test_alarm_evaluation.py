"""Alarms out of readings that are really recorded, and out of the clock."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from examplechannels.questions import close_connections
from tests.tables import awithout_table
from two.alarms.evaluation import MAX_UNTOLD, evaluate
from two.alarms.sweep import rule_watch, sweep, watch_the_clock
from two.models import Alarm, Device, Metric, Reading, Rule
from two.nanoseconds import NS_PER_SECOND
from two.recorder import NotStored, Recorder
from two.samples import AHEAD_NS, Sample
from two.storage import Key, store
from two.tests.cast import make_rule

pytestmark = pytest.mark.django_db(transaction=True)
START_NS = time.time_ns() // NS_PER_SECOND * NS_PER_SECOND - 3_600 * NS_PER_SECOND
LONG = 86_400.0  # seconds that a server has listened
Span = tuple[float, float | None]  # of an alarm: raised and cleared, in seconds after START_NS


def at_ns(second: float) -> int:
    return START_NS + int(second * NS_PER_SECOND)


class Site:
    """A recorder, and what it told of alarms."""

    def __init__(self) -> None:
        self.told: list[list[Alarm]] = []
        self._recorder = self._new()

    def _new(self) -> Recorder:
        return Recorder(
            publish=lambda _readings, _more_comes: None,
            tell=lambda alarms: self.told.append(list(alarms)),
            look_again=lambda _devices: None,
        )

    async def record(self, *readings: tuple[float, float], metric: str = "temperature") -> None:
        """Readings (second, value), in one commit."""
        await self._recorder.record([Sample("boiler", metric, at_ns(second), value) for second, value in readings])

    async def restart(self) -> None:
        """Nothing is left but the database."""
        await self._recorder.close()
        self._recorder = self._new()

    async def close(self) -> None:
        await self._recorder.close()


def set_clock(monkeypatch: pytest.MonkeyPatch, ahead: int = 0) -> None:
    """By so many seconds ahead of the readings that come."""

    def evaluate_then(new: dict[Key, float]) -> list[Alarm]:
        return evaluate(new, max((at_ns for _, at_ns in new), default=0) + ahead * NS_PER_SECOND)

    monkeypatch.setattr("two.commits.evaluate", evaluate_then)


@pytest.fixture
async def site(nothing_left: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """By its clock it is as late as its newest reading says."""
    set_clock(monkeypatch)
    site = Site()
    yield site
    await site.close()
    close_connections()


def make(*args: Any, **kwargs: Any) -> Any:
    return sync_to_async(make_rule)(*args, **kwargs)


def spans(rule: Rule) -> list[Span]:
    found = Alarm.objects.filter(rule=rule).order_by("raised_ns", "pk").values_list("raised_ns", "cleared_ns")
    return [(second_of(raised) or 0.0, second_of(cleared)) for raised, cleared in found]


def second_of(ns: int | None) -> float | None:
    return None if ns is None else (ns - START_NS) / NS_PER_SECOND


alarms_of = sync_to_async(spans)


@sync_to_async
def swept(second: float, listening: float = LONG) -> list[tuple[float | None, float | None]]:
    return [(second_of(alarm.raised_ns), alarm.value) for alarm in sweep(listening, at_ns(second))]


# Readings


@pytest.mark.parametrize("how", ["alone", "over restarts", "together"])
@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ({"kind": "above"}, [69, 70, 71, 72, 70, 71], [(30, 50), (60, None)]),
        ({"kind": "below"}, [71, 70, 69, 70, 69], [(30, 40), (50, None)]),
        ({"kind": "rate", "threshold": 60}, [0, 10, 21, 21, 0], [(30, 40), (50, None)]),
        ({"kind": "above", "hysteresis": 5}, [71, 66, 71, 65, 70], [(10, 40)]),
        ({"kind": "below", "hysteresis": 5}, [69, 74, 75], [(10, 30)]),
        ({"kind": "above", "hold_seconds": 15}, [71, 72, 71, 60, 71, 60], [(25, 40)]),
        ({"kind": "above", "hold_seconds": 5}, [71, 60], [(15, 20)]),
        ({"kind": "above", "hold_seconds": 20}, [71, 72, 71], [(30, None)]),
        ({"kind": "below", "hold_seconds": 15, "hysteresis": 5}, [69, 68, 74, 75], [(25, 40)]),
        ({"kind": "above"}, [0, 1.7e308, -1.7e308], [(20, 30)]),
    ],
)
async def test_what_is_raised_and_cleared(
    site: Site, how: str, rule: dict[str, Any], values: list[float], expected: list[Span]
) -> None:
    made = await make(**rule)
    readings = [(10.0 * number, float(value)) for number, value in enumerate(values, start=1)]
    if how == "together":
        await site.record(*readings)
    else:
        for reading in readings:
            await site.record(reading)
            if how == "over restarts":
                await site.restart()
    assert await alarms_of(made) == expected


async def test_a_late_reading_may_say_that_a_rate_has_held_all_the_while(site: Site) -> None:
    rule = await make("rate", threshold=60, hold_seconds=25)
    for second, value in ((10, 0), (20, 100), (40, 100), (30, 0), (50, 0)):
        await site.record((second, value))
    assert await alarms_of(rule) == [(45, None)]


async def test_who_records_tells_of_each_change_once(site: Site) -> None:
    rule = await make()
    for second, value in ((10, 60), (20, 71), (30, 72), (40, 60), (50, 60)):
        await site.record((second, value))
    assert [[(second_of(one.raised_ns), second_of(one.cleared_ns)) for one in group] for group in site.told] == [
        [(20, None)],
        [(20, 40)],
    ]
    assert site.told[0][0].value == 71
    assert site.told[0][0].rule.metric.device.slug == "boiler"
    assert {alarm.rule_id for group in site.told for alarm in group} == {rule.pk}


async def test_a_resend_raises_nothing_again(site: Site) -> None:
    rule = await make()
    for _ in range(2):
        await site.record((10, 71), (20, 60))
    await site.record((10, 99), (30, 60))
    assert await alarms_of(rule) == [(10, 20)]


async def test_a_rule_sees_its_own_metric_alone(site: Site) -> None:
    rule = await make()
    await site.record((10, 99), metric="pressure")
    assert await alarms_of(rule) == []


async def test_two_rules_of_a_metric_do_not_know_each_other(site: Site) -> None:
    warm, hot = await make(threshold=60), await make(threshold=70)
    cold = await make("below", 10)
    await site.record((10, 65))
    await site.record((20, 75))
    await site.record((30, 65), (40, 0))
    assert [await alarms_of(rule) for rule in (warm, hot, cold)] == [[(10, 40)], [(20, 30)], [(40, None)]]


async def test_a_disabled_rule_raises_and_clears_nothing(site: Site) -> None:
    rule = await make(is_enabled=False)
    silent = await make("silent", hold_seconds=60, is_enabled=False)
    pending = await make(hold_seconds=20)
    await site.record((10, 99))
    await Rule.objects.filter(pk=pending.pk).aupdate(is_enabled=False)
    assert await swept(600) == []
    assert [await alarms_of(one) for one in (rule, silent, pending)] == [[], [], []]
    await Rule.objects.filter(pk=rule.pk).aupdate(is_enabled=True)
    await site.record((700, 99))
    await Rule.objects.filter(pk=rule.pk).aupdate(is_enabled=False)
    await site.record((710, 0))
    assert await alarms_of(rule) == [(700, None)]


async def test_of_many_changes_at_once_the_last_alarms_are_kept_and_all_are_counted(site: Site) -> None:
    rule = await make()
    await site.record((1, 99))
    await site.record(*[(second, 99 * (second % 2)) for second in range(2, 102)])
    first, *others, last = await alarms_of(rule)
    assert (first, last) == ((1, 2), (101, None))  # what was open ends, what is open goes on
    assert others == [(second, second + 1) for second in range(101 - 2 * len(others), 101, 2)]
    assert len(others) == MAX_UNTOLD - 1
    await rule.arefresh_from_db()
    assert 2 + len(others) + rule.untold == 51


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
async def test_alarms_that_nobody_has_heard_of_do_not_pile_up(site: Site, size: int) -> None:
    rule = await make()
    readings = [(second, 99 * (second % 2)) for second in range(1, 202)]
    for first in range(0, len(readings), size):
        await site.record(*readings[first : first + size])
        assert await Alarm.objects.acount() <= MAX_UNTOLD + 1
    await rule.arefresh_from_db()
    found = await alarms_of(rule)
    assert found[-1] == (201, None)
    assert set(found[:-1]) <= {(second, second + 1) for second in range(1, 201, 2)}
    assert len(found) + rule.untold == 101
    assert rule.untold >= 80


async def test_what_was_told_or_acknowledged_is_kept(site: Site) -> None:
    rule = await make()
    await site.record((1, 99))
    await Alarm.objects.aupdate(told=Alarm.Told.RAISED)
    await site.record((2, 0), (3, 99))
    await Alarm.objects.filter(told=Alarm.Told.NOTHING).aupdate(acknowledged_on="2026-01-01T00:00:00Z")
    for second in range(4, 104):
        await site.record((second, 99 * (second % 2)))
    found = await alarms_of(rule)
    assert found[:2] == [(1, 2), (3, 4)]
    assert len(found) == MAX_UNTOLD + 3
    await Alarm.objects.aupdate(told=Alarm.Told.ALL)
    await site.record((200, 0), (201, 99))
    assert len(await alarms_of(rule)) == MAX_UNTOLD + 4


async def test_a_reading_and_its_alarm_are_stored_together_or_not_at_all(site: Site) -> None:
    rule = await make()
    await site.record((10, 60))
    async with awithout_table("two_alarm"):
        with pytest.raises(NotStored):
            await site.record((20, 99))
    assert await Reading.objects.acount() == 1
    assert site.told == []
    await site.record((20, 99))
    assert await alarms_of(rule) == [(20, None)]


async def test_several_who_record_at_once_raise_one_alarm(site: Site) -> None:
    rule = await make()
    others = [Site() for _ in range(3)]
    await asyncio.gather(
        *(one.record((number, 99 + number)) for number, one in enumerate((site, *others) * 10, start=1))
    )
    for other in others:
        await other.close()
    assert await alarms_of(rule) == [(min(second for second, _ in await alarms_of(rule)), None)]
    assert sum(len(group) for one in (site, *others) for group in one.told) == 1


# Late ones


async def test_a_late_spike_is_an_alarm_that_was(site: Site) -> None:
    rule = await make()
    await site.record((10, 60), (20, 60), (30, 60))
    await site.restart()
    await site.record((15, 99))
    assert await alarms_of(rule) == [(15, 20)]
    assert [len(group) for group in site.told] == [1]


async def test_a_late_reading_breaks_what_was_about_to_be_raised(site: Site) -> None:
    rule = await make(hold_seconds=100)
    await site.record((10, 71), (20, 71))
    await site.record((15, 60))
    await site.record((115, 71))
    assert await alarms_of(rule) == []
    await site.record((120, 71))
    assert await alarms_of(rule) == [(120, None)]


async def test_a_late_reading_lets_a_condition_hold_from_then_on(site: Site) -> None:
    rule = await make(hold_seconds=100)
    await site.record((10, 60), (20, 71))
    await site.record((15, 71))
    await site.record((200, 71))
    assert await alarms_of(rule) == [(115, None)]


async def test_what_is_older_than_the_last_alarm_changes_nothing(site: Site) -> None:
    rule = await make()
    await site.record((10, 60), (20, 99))
    await site.record((15, 99))
    await site.record((16, 60))
    assert await alarms_of(rule) == [(20, None)]
    await site.record((30, 60))
    await site.record((25, 60), (24, 99))
    assert await alarms_of(rule) == [(20, 30)]


async def test_a_late_reading_changes_how_fast_the_next_one_came(site: Site) -> None:
    rule = await make("rate", 400)
    await site.record((0, 0), (30, 100))
    assert await alarms_of(rule) == []
    await site.record((20, 0), (25, 0))
    assert await alarms_of(rule) == [(30, None)]


async def test_late_readings_on_both_sides_of_an_old_one_count(site: Site) -> None:
    rule = await make("rate", 400)
    await site.record((-10, 0), (10, 100))
    await site.record((0, 0), (20, 100))
    assert await alarms_of(rule) == [(10, 20)]


async def test_new_readings_are_judged_though_more_than_enough_lie_behind_a_late_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = await make()
    await site.record(*[(float(second), 60.0) for second in range(10, 40)])
    monkeypatch.setattr("two.alarms.evaluation.MAX_REPLAYED", 10)
    await site.record((5, 60), (50, 99))
    assert await alarms_of(rule) == [(50, None)]


async def test_what_is_asked_of_the_database_first_hides_no_alarm(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings out of order, in random batches: the same alarms as when every rule is judged by each of them.

    Now and then the clock looks between them.
    """
    chance = random.Random(5)
    kinds = [("above", 70), ("below", 30), ("rate", 200)]
    rules = [
        await make(kind, threshold, hold_seconds=hold, hysteresis=hysteresis)
        for kind, threshold in kinds
        for hold, hysteresis in ((0, 0), (25, 0), (0, 10))
    ]

    def run(batches: list[tuple[dict[float, float], float | None]], is_gated: bool) -> list[list[Span]]:
        if not is_gated:
            monkeypatch.setattr("two.alarms.evaluation._may_change", lambda kinds, _spans: every[kinds])
        with transaction.atomic():
            for batch, swept_second in batches:
                evaluate(store({(rules[0].metric_id, at_ns(second)): value for second, value in batch.items()}))
                if swept_second is not None:
                    sweep(LONG, at_ns(swept_second))
            found = [spans(rule) for rule in rules]
            transaction.set_rollback(True)
        monkeypatch.undo()
        return found

    def compare() -> None:
        for _ in range(20):
            seconds = [10.0 * number for number in range(1, 20)]
            late = set(chance.sample(seconds, 6))
            seconds.sort(key=lambda second: second + (chance.choice([30, 100]) if second in late else 0))
            batches: list[tuple[dict[float, float], float | None]] = []
            while seconds:
                size = chance.choice([1, 1, 2, 4])
                batch = {second: float(chance.choice([10, 50, 65, 100])) for second in seconds[:size]}
                batches.append((batch, chance.choice([None, max(batch) + chance.choice([0, 30])])))
                del seconds[:size]
            assert run(batches, is_gated=True) == run(batches, is_gated=False), batches

    every = {
        ("above", "below", "silent"): [rule.pk for rule in rules if rule.kind != "rate"],
        ("rate",): [rule.pk for rule in rules if rule.kind == "rate"],
    }
    await sync_to_async(compare)()


# Many rules


async def test_rules_that_fire_together_are_read_and_written_together(site: Site) -> None:
    await make()
    await site.record((0, 0))

    @sync_to_async
    def count(second: int) -> int:
        metric = Metric.objects.get().pk
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            new = store({(metric, at_ns(second)): 99.0, (metric, at_ns(second + 1)): 0.0, (metric, at_ns(1)): 0.0})
            assert len(evaluate(new)) == Rule.objects.count()
        return len(queries)

    of_one = await count(10)
    for _ in range(20):
        await make()
    assert await count(20) == of_one


# The clock


async def test_silence_is_raised_by_the_clock_and_cleared_by_the_next_reading(site: Site) -> None:
    rule = await make("silent", hold_seconds=60)
    await site.record((10, 1))
    assert await swept(69) == []
    assert await swept(71) == [(70, None)]
    assert await swept(72) == []
    assert await alarms_of(rule) == [(70, None)]
    await site.restart()
    await site.record((100, 1))
    assert await alarms_of(rule) == [(70, 100)]
    assert [[second_of(alarm.cleared_ns) for alarm in group] for group in site.told] == [[100]]
    assert await swept(161) == [(160, None)]


async def test_a_late_reading_does_not_end_a_silence(site: Site) -> None:
    rule = await make("silent", hold_seconds=60)
    await site.record((10, 1))
    await swept(71)
    await site.record((20, 1))
    assert await alarms_of(rule) == [(70, None)]


async def test_a_device_whose_clock_lags_by_more_than_that_stays_silent(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = await make("silent", hold_seconds=3)
    set_clock(monkeypatch, ahead=20)
    await site.record((0, 1))
    for second in range(1, 60):
        await site.record((second, 1))
        await swept(second + 20.5)
    assert await alarms_of(rule) == [(4, None)]
    set_clock(monkeypatch, ahead=2)
    await site.record((78, 1))  # its clock was put right
    assert await swept(80) == []
    assert await alarms_of(rule) == [(4, 78)]


async def test_who_never_sent_is_not_silent(site: Site) -> None:
    await make("silent", hold_seconds=60)
    assert await swept(10_000) == []


async def test_silence_from_before_there_was_the_rule_counts_from_then(site: Site) -> None:
    rule = await make("silent", hold_seconds=60, settled_ns=at_ns(500))
    await site.record((10, 1))
    assert await swept(559) == []
    assert await swept(561) == [(560, None)]
    assert await alarms_of(rule) == [(560, None)]


async def test_what_the_server_could_not_hear_is_no_silence(site: Site) -> None:
    rule = await make("silent", hold_seconds=60)
    await site.record((10, 1))
    assert await swept(1_000, listening=59) == []
    await site.record((1_001, 1))
    assert await swept(1_002) == []
    assert await alarms_of(rule) == []
    assert await swept(1_062, listening=61) == [(1_061, None)]


async def test_a_reading_that_silence_was_raised_over_ends_it_with_the_next_look(site: Site) -> None:
    rule = await make("silent", hold_seconds=60)
    await site.record((10, 1))
    await swept(71)
    await sync_to_async(store)({(rule.metric_id, at_ns(69)): 1.0})  # late, before the silence was raised
    assert await swept(72) == []
    await sync_to_async(store)({(rule.metric_id, at_ns(71.5)): 1.0})  # whoever stored it saw no silence yet
    assert await swept(72) == [(70, None)]
    assert await alarms_of(rule) == [(70, 71.5)]


async def test_a_device_whose_clock_is_ahead_is_not_silent_before_that(site: Site) -> None:
    await make("silent", hold_seconds=60)
    await site.record((AHEAD_NS / NS_PER_SECOND, 1))
    assert await swept(100) == []


async def test_what_holds_is_raised_by_the_clock_with_the_last_value(site: Site) -> None:
    rule = await make(hold_seconds=60)
    await site.record((10, 71), (20, 75))
    assert await swept(69) == []
    await site.restart()
    assert await swept(70.5, listening=0) == [(70, 75)]
    assert await swept(71) == []
    await site.record((80, 60))
    assert await alarms_of(rule) == [(70, 80)]


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ({"hold_seconds": 4}, (99, 0)),
        ({"kind": "below", "hold_seconds": 4, "hysteresis": 5}, (0, 75)),
        ({"kind": "rate", "threshold": 60, "hold_seconds": 4}, (9, 9)),
    ],
)
async def test_a_late_reading_that_still_stands_ends_what_the_clock_has_raised(
    site: Site, rule: dict[str, Any], values: tuple[float, float]
) -> None:
    made = await make(**rule)
    if made.kind == "rate":
        await site.record((9, 0))
    await site.record((10, values[0]))
    assert await swept(15) == [(14, values[0])]
    await site.record((13.9, values[1]))
    assert await alarms_of(made) == [(14, 14)]
    assert [(second_of(one.raised_ns), second_of(one.cleared_ns)) for one in site.told[-1]] == [(14, 14)]
    assert await swept(30) == []


async def test_what_holds_again_after_such_a_late_reading_is_raised_again(site: Site) -> None:
    rule = await make(hold_seconds=4)
    await site.record((10, 99))
    await swept(15)
    await site.record((13.5, 0))
    await site.record((13.9, 99))  # late as well
    assert await swept(17) == []
    assert await swept(18) == [(17.9, 99)]
    assert await alarms_of(rule) == [(14, 14), (17.9, None)]


@pytest.mark.parametrize("late", [(12, 0), (13.9, 99)])
async def test_other_late_readings_do_not_end_what_the_clock_has_raised(site: Site, late: tuple[float, float]) -> None:
    rule = await make(hold_seconds=4)
    await site.record((10, 99), (13, 99))
    await swept(15)
    await site.record(late)
    assert await alarms_of(rule) == [(14, None)]


async def test_what_holds_no_more_is_not_raised(site: Site) -> None:
    await make(hold_seconds=60)
    await site.record((10, 71))
    await site.record((60, 60))
    assert await swept(100) == []


async def test_two_clocks_raise_an_alarm_once(site: Site) -> None:
    held, silent = await make(hold_seconds=60), await make("silent", hold_seconds=60)
    await site.record((10, 71))

    def act() -> int:
        try:
            return len(sweep(LONG, at_ns(100)))
        finally:
            connection.close()

    raised = await asyncio.gather(*(asyncio.to_thread(act) for _ in range(4)))
    assert sum(raised) == 2
    assert [await alarms_of(rule) for rule in (held, silent)] == [[(70, None)], [(70, None)]]


async def test_of_many_that_the_clock_raises_pages_hear_by_and_by(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr("two.alarms.sweep.SWEEP_SECONDS", 0.01)
    monkeypatch.setattr("two.alarms.sweep.MAX_DUE", 2)
    monkeypatch.setattr("two.alarms.sweep.tell", lambda alarms: told.append(len(alarms)))
    for threshold in range(5):
        await make(threshold=threshold, hold_seconds=1)
    await site.record((10, 99))
    clock = asyncio.create_task(watch_the_clock())
    while sum(told) < 5:
        await asyncio.sleep(0.01)
    clock.cancel()
    await asyncio.wait([clock])
    assert told == [2, 2, 1]


async def test_the_clock_does_not_wait_for_visitors(site: Site, crowd: None, monkeypatch: pytest.MonkeyPatch) -> None:
    told = asyncio.Event()
    monkeypatch.setattr("two.alarms.sweep.SWEEP_SECONDS", 0.01)
    monkeypatch.setattr("two.alarms.sweep.tell", lambda alarms: told.set())
    await make(hold_seconds=1)
    await site.record((10, 99))
    clock = asyncio.create_task(watch_the_clock())
    async with asyncio.timeout(5):
        await told.wait()
    clock.cancel()
    await asyncio.wait([clock])


async def test_the_clock_knows_whether_there_are_rules(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("two.alarms.sweep.SWEEP_SECONDS", 0.01)
    assert rule_watch.has_rules
    clock = asyncio.create_task(watch_the_clock())
    async with asyncio.timeout(5):
        while rule_watch.has_rules:
            await asyncio.sleep(0.01)
        await make()
        while not rule_watch.has_rules:
            await asyncio.sleep(0.01)
        await Rule.objects.all().adelete()
        while rule_watch.has_rules:
            await asyncio.sleep(0.01)
    clock.cancel()
    await asyncio.wait([clock])
    assert rule_watch.has_rules


async def test_a_reading_that_comes_while_the_clock_looks_is_heard(site: Site) -> None:
    """On PostgreSQL neither may see the other; then the next look does."""
    rule = await make("silent", hold_seconds=60)
    for second in range(0, 2_000, 100):
        await site.record((second, 1))
        await asyncio.gather(swept(second + 99), site.record((second + 99, 1)))
        await swept(second + 99)
        assert (await alarms_of(rule))[-1:] in ([], [(second + 60, second + 99)])
        await Alarm.objects.all().adelete()


# A clock that is set back

LATER = 100_000.0  # the second when that happens; by the clock it is again the 100th


@pytest.mark.parametrize("how", ["new", "pending", "by readings"])
async def test_a_clock_that_is_set_back_silences_no_rule(site: Site, how: str) -> None:
    settled_ns = at_ns(LATER) if how == "new" else 0
    rule, held, silent = (
        await make(settled_ns=settled_ns),
        await make(hold_seconds=60, settled_ns=settled_ns),
        await make("silent", hold_seconds=60, settled_ns=settled_ns),
    )
    if how == "pending":
        await site.record((LATER, 99))
        await Rule.objects.filter(pk=rule.pk).aupdate(phase=Rule.Phase.CLEAR)
        await Alarm.objects.all().adelete()
    elif how == "by readings":
        await site.record((LATER - 1, 99), (LATER, 0))
        await Alarm.objects.all().adelete()
    assert await swept(100) == []
    await site.record((101, 99))
    await site.record((102, 99))
    assert await alarms_of(rule) == [(101, None)]
    assert [value for _, value in await swept(163)] == [None, 99]
    assert [await alarms_of(one) for one in (held, silent)] == [[(161, None)], [(162, None)]]
    await site.record((170, 0))
    assert [await alarms_of(one) for one in (rule, held, silent)] == [[(101, 170)], [(161, 170)], [(162, 170)]]
    assert await swept(171) == []


async def test_an_alarm_from_before_the_clock_was_set_back_can_end(site: Site) -> None:
    rule, silent = await make(), await make("silent", hold_seconds=60)
    await site.record((LATER, 99))
    await swept(LATER + 61)
    await swept(100)
    assert await Rule.objects.filter(phase=Rule.Phase.RAISED).acount() == 2
    await site.record((101, 0))
    # Nothing ends before it began.
    assert await alarms_of(rule) == [(LATER, LATER)]
    assert await alarms_of(silent) == [(LATER + 60, LATER + 60)]
    await site.record((102, 99))
    assert (102, None) in await alarms_of(rule)


# Deletion


@sync_to_async
def delete(found: Any) -> None:
    for one in found:
        one.delete()


@pytest.mark.parametrize("what", [Device, Metric, Rule])
async def test_with_a_rule_go_its_alarms_and_readings_go_on(site: Site, what: Any) -> None:
    other = await make(device="oven")
    await make()
    await make("silent", hold_seconds=60)
    await make(hold_seconds=600)
    await site.record((10, 99))
    await swept(71)
    kept = {Device: other.metric.device.pk, Metric: other.metric.pk, Rule: other.pk}[what]
    await delete(what.objects.exclude(pk=kept))
    assert await Alarm.objects.acount() == 0
    assert await swept(10_000) == []
    await site.record((20, 99))
    assert await Rule.objects.aget() == other
    assert (await Reading.objects.aget(at_ns=at_ns(20))).value == 99


async def test_devices_are_deleted_while_their_alarms_come_and_go(site: Site) -> None:
    """Nobody deadlocks; a writer whose device goes twice during one commit is told to try again."""

    async def delete_now_and_then() -> None:
        for _ in range(20):
            await asyncio.sleep(0.01)
            await delete(Device.objects.all())
            await make()

    deleting = asyncio.create_task(delete_now_and_then())
    second = 0
    while not deleting.done():
        second += 1
        with suppress(NotStored):
            await site.record((second, 99 * (second % 2)))
    await deleting
    await site.record((second + 1, 0), (second + 2, 99))
    async for rule in Rule.objects.all():
        assert (await alarms_of(rule))[-1] == (second + 2, None)


async def test_a_rule_is_deleted_while_its_alarms_come_and_go(site: Site) -> None:
    async def delete_now_and_then() -> None:
        for _ in range(10):
            await asyncio.sleep(0.01)
            await delete(Rule.objects.all())
            await make()

    await make()
    deleting = asyncio.create_task(delete_now_and_then())
    second = 0
    while not deleting.done():
        second += 20
        await site.record(*[(second + number, 99.0 * (number % 2)) for number in range(20)])
    await deleting


async def test_a_rule_that_is_made_later_judges_what_comes_from_then_on(site: Site) -> None:
    await site.record((10, 99))
    rule = await make()
    await site.record((10, 99))
    assert await alarms_of(rule) == []
    await site.record((20, 99))
    assert await alarms_of(rule) == [(20, None)]
