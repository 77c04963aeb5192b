"""When a rule raises and clears, of readings alone."""

from collections.abc import Iterator
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from two.alarms.machine import Change, Condition, Point, State, replay, replayed_from
from two.models import Rule
from two.nanoseconds import NS_PER_SECOND

START = State(Rule.Phase.CLEAR, 0, 0)


def condition(kind: str, threshold: float = 70, hold: float = 0, hysteresis: float = 0) -> Condition:
    return Condition(kind, threshold, int(hold * NS_PER_SECOND), hysteresis)


def points(*values: float, step: int = 10) -> list[Point]:
    """A reading each `step` seconds, the first at the tenth."""
    return [Point((number + 1) * step * NS_PER_SECOND, value) for number, value in enumerate(values)]


def changes(what: Condition, readings: list[Point], before: Point | None = None) -> list[tuple[bool, float]]:
    found = replay(what, START, before, readings, readings[-1].at_ns)[1]
    return [(change.is_raised, change.at_ns / NS_PER_SECOND) for change in found]


@pytest.mark.parametrize(
    ("what", "values", "expected"),
    [
        (condition("above"), [69, 70, 71, 72, 70], [(True, 30), (False, 50)]),
        (condition("below"), [71, 70, 69, 70], [(True, 30), (False, 40)]),
        (condition("above", hysteresis=5), [71, 66, 65], [(True, 10), (False, 30)]),
        (condition("below", hysteresis=5), [69, 74, 75], [(True, 10), (False, 30)]),
        (condition("above", hold=15), [71, 72, 71, 60], [(True, 25), (False, 40)]),
        (condition("above", hold=15), [71, 60, 71, 60], []),
        # The value stands until the next reading, so it held for long enough.
        (condition("above", hold=5), [71, 60], [(True, 15), (False, 20)]),
        (condition("above", hold=10), [71, 60], [(True, 20), (False, 20)]),
        (condition("rate", 60), [0, 10, 21, 21], [(True, 30), (False, 40)]),
        (condition("rate", 60), [50], []),
        (condition("above"), [float("1.7e308")], [(True, 10)]),
    ],
)
def test_what_is_raised_and_cleared(what: Condition, values: list[float], expected: list[tuple[bool, float]]) -> None:
    assert changes(what, points(*values)) == expected


def test_what_changes_within_less_than_a_second_counts_as_a_second() -> None:
    close = [Point(NS_PER_SECOND, 0.0), Point(NS_PER_SECOND + 1, 0.9)]
    assert changes(condition("rate", 60), close) == []
    assert changes(condition("rate", 53), close) == [(True, 1.000000001)]


def test_the_reading_before_counts_for_a_rate() -> None:
    assert changes(condition("rate", 60), points(20), before=Point(0, 0)) == [(True, 10)]


def test_what_is_settled_stays_so() -> None:
    state = State(Rule.Phase.RAISED, 30 * NS_PER_SECOND, 30 * NS_PER_SECOND)
    assert replay(condition("above"), state, None, points(60, 60), 20 * NS_PER_SECOND) == (state, [])


def test_a_late_reading_breaks_what_was_pending() -> None:
    what = condition("above", hold=100)
    pending = State(Rule.Phase.PENDING, 10 * NS_PER_SECOND, 0)
    late = [Point(15 * NS_PER_SECOND, 60.0), *points(71, 71)[1:]]
    state, found = replay(what, pending, Point(10 * NS_PER_SECOND, 71), late, 15 * NS_PER_SECOND)
    assert found == []
    assert state == State(Rule.Phase.PENDING, 20 * NS_PER_SECOND, 0)


def test_a_late_spike_is_an_alarm_that_was() -> None:
    stored = [Point(15 * NS_PER_SECOND, 99.0), *points(60, 60, 60)[1:]]
    state, found = replay(condition("above"), START, Point(10 * NS_PER_SECOND, 60), stored, 15 * NS_PER_SECOND)
    assert found == [Change(True, 15 * NS_PER_SECOND, 99.0), Change(False, 20 * NS_PER_SECOND, 60)]
    assert state.phase == Rule.Phase.CLEAR


rules = st.builds(
    condition,
    st.sampled_from(["above", "below", "rate"]),
    st.sampled_from([30.0, 50.0, 70.0]),
    st.sampled_from([0.0, 5.0, 25.0]),
    st.sampled_from([0.0, 10.0]),
)
values = st.lists(st.sampled_from([0.0, 45.0, 55.0, 65.0, 75.0, 100.0]), min_size=1, max_size=30)


@given(rules, values)
def test_raised_and_cleared_take_turns_in_time(what: Condition, values: list[float]) -> None:
    found = replay(what, START, None, points(*values), 10**18)[1]
    assert all(one.is_raised != other.is_raised and one.at_ns <= other.at_ns for one, other in pairwise(found))
    assert not found or found[0].is_raised


@given(rules, values, st.integers(1, 10))
def test_the_same_whether_readings_come_alone_or_together(what: Condition, values: list[float], size: int) -> None:
    readings = points(*values)
    state, before, found = START, None, []
    for first in range(0, len(readings), size):
        group = readings[first : first + size]
        state, more = replay(what, state, before, group, group[-1].at_ns)
        found += more
        before = group[-1]
    assert (state, found) == replay(what, START, None, readings, readings[-1].at_ns)


@given(rules, values, st.data())
def test_the_state_ends_the_same_where_one_reading_comes_late(
    what: Condition, values: list[float], data: st.DataObject
) -> None:
    """Unless something was said of it meanwhile."""
    readings = points(*values)
    late = data.draw(st.integers(0, len(readings) - 1))
    others = readings[:late] + readings[late + 1 :]
    state, told = replay(what, START, None, others, 10**18)
    from_ns = replayed_from(what, state, readings[late].at_ns)
    first = next((number for number, point in enumerate(readings) if point.at_ns >= from_ns), late)
    before = readings[first - 1] if first else None
    state, more = replay(what, state, before, readings[first:], readings[late].at_ns)
    whole, all_changes = replay(what, START, None, readings, 10**18)
    if not told and not all_changes:
        assert more == []
        assert state == whole
    if state.phase == Rule.Phase.RAISED or whole.phase == Rule.Phase.RAISED:
        assert told or more


@given(rules, values, st.data())
def test_what_lies_behind_a_late_reading_is_judged_only_as_far_as_it_may_change(
    what: Condition, values: list[float], data: st.DataObject
) -> None:
    """The same as when a reading of each time is new."""
    readings = points(*values)
    late = data.draw(st.integers(0, len(readings) - 1))
    known, _ = replay(what, START, None, readings[:late] + readings[late + 1 :], 10**18)
    before = readings[late - 1] if late else None
    ended, all_ended = (
        replay(what, known, before, readings[late:], last_new.at_ns) for last_new in (readings[late], readings[-1])
    )
    assert ended == all_ended


def test_a_late_spike_is_not_replayed_to_the_end() -> None:
    judged = []

    def stored() -> Iterator[Point]:
        for point in points(*[60.0] * 1_000):
            judged.append(point)
            yield point

    late = Point(5 * NS_PER_SECOND, 99.0)
    replay(condition("above"), START, None, chain([late], stored()), late.at_ns)
    assert len(judged) == 1
