"""When a rule raises and clears its alarm: a function of the readings in the order of their times. Knows no database.

A value stands until the next reading: a condition that has held for long enough raises its alarm at that very
time, whether a reading comes then or not.
"""

from collections.abc import Iterable
from typing import NamedTuple

from two.models import Rule
from two.nanoseconds import NS_PER_MINUTE, NS_PER_SECOND

LEAST_STEP_NS = NS_PER_SECOND  # what changes within less than a second changes as if it took one


class Point(NamedTuple):
    at_ns: int
    value: float


def rate_per_minute(begin_ns: int, end_ns: int, change: float) -> float:
    """How fast a metric changed between two readings, in its unit a minute; without a sign."""
    return abs(change) * (NS_PER_MINUTE / max(end_ns - begin_ns, LEAST_STEP_NS))


class State(NamedTuple):
    phase: str
    since_ns: int  # of this phase
    settled_ns: int  # readings up to this time count no more


class Change(NamedTuple):
    """An alarm is raised, with the value that did it, or cleared."""

    is_raised: bool
    at_ns: int
    value: float | None = None


class Condition(NamedTuple):
    """What a rule watches, without silence, which no reading tells of."""

    kind: str
    threshold: float  # in the metric's unit; of a rate, so much a minute
    hold_ns: int
    hysteresis: float

    def advance(self, state: State, before: Point | None, point: Point) -> tuple[State, list[Change]]:
        """The state after `point`; `before` is the reading before it."""
        changes: list[Change] = []
        state = self.expire(state, point.at_ns, before or point, changes)
        measured = self._measured(before, point)
        if measured is None:
            return state, changes
        if state.phase == Rule.Phase.RAISED:
            if self._ended(measured):
                changes.append(Change(False, point.at_ns, point.value))
                state = State(Rule.Phase.CLEAR, point.at_ns, point.at_ns)
        elif not self._holds(measured):
            state = State(Rule.Phase.CLEAR, state.settled_ns, state.settled_ns)
        elif state.phase == Rule.Phase.CLEAR:
            state = State(Rule.Phase.PENDING, point.at_ns, state.settled_ns)
            state = self.expire(state, point.at_ns, point, changes)
        return state, changes

    def expire(self, state: State, now_ns: int, last: Point, changes: list[Change]) -> State:
        """The state at `now_ns` when nothing came after `last`; adds to `changes`."""
        raises_ns = state.since_ns + self.hold_ns
        if state.phase != Rule.Phase.PENDING or now_ns < raises_ns:
            return state
        changes.append(Change(True, raises_ns, last.value))
        return State(Rule.Phase.RAISED, raises_ns, raises_ns)

    def overtake(self, known: State, before: Point | None, newest: Point) -> tuple[State, list[Change]]:
        """The state after the newest reading of all, which came late: the clock has raised an alarm after its time.

        Its value still stands: where that ends the condition, the alarm ends at the very time at which it was raised.
        """
        measured = self._measured(before, newest)
        if known.phase != Rule.Phase.RAISED or measured is None or not self._ended(measured):
            return known, []
        return State(Rule.Phase.CLEAR, newest.at_ns, newest.at_ns), [Change(False, known.settled_ns, newest.value)]

    def _measured(self, before: Point | None, point: Point) -> float | None:
        """What the threshold is for: the value, or how much it changes a minute."""
        if self.kind != Rule.Kind.RATE:
            return point.value
        return None if before is None else rate_per_minute(before.at_ns, point.at_ns, point.value - before.value)

    def _holds(self, measured: float) -> bool:
        return measured < self.threshold if self.kind == Rule.Kind.BELOW else measured > self.threshold

    def _ended(self, measured: float) -> bool:
        if self.kind == Rule.Kind.BELOW:
            return measured >= self.threshold + self.hysteresis
        return measured <= self.threshold - self.hysteresis


def replayed_from(condition: Condition, known: State, late_ns: int) -> int:
    """The time from which on readings are to be replayed when late ones came, the first of them at `late_ns`.

    Of a rate that is earlier by the hold: a late reading changes also how fast the next one came, so a condition that
    seemed to end with the next may have gone on, and began up to that long before.
    """
    may_have_held = condition.kind == Rule.Kind.RATE and _was_clear_after(known, late_ns)
    return max(late_ns - (condition.hold_ns if may_have_held else 0), known.settled_ns + 1)


def replay(
    condition: Condition, known: State, before: Point | None, points: Iterable[Point], last_new_ns: int
) -> tuple[State, list[Change]]:
    """The state after `points`, in the order of their times: the new ones, and all that lie between or after them.

    `known` is the state so far, `before` the reading before `points`, `last_new_ns` the time of the last new one.
    Ends early at a reading after the new ones that leaves the rule clear, unless the rule is raised by now: it was
    clear there without the new ones, too, and what came later has been judged from there.
    """
    state, changes = known, []
    for point in points:
        if point.at_ns > known.settled_ns:
            if state.phase == Rule.Phase.PENDING and state.since_ns > point.at_ns:  # it was not yet so then
                state = State(Rule.Phase.CLEAR, known.settled_ns, known.settled_ns)
            state, more = condition.advance(state, before, point)
            changes += more
            if point.at_ns > last_new_ns:
                if state == known:
                    break
                if state.phase == Rule.Phase.CLEAR and _was_clear_after(known, point.at_ns):
                    since_ns = known.since_ns if known.phase == Rule.Phase.PENDING else state.settled_ns
                    return State(known.phase, since_ns, state.settled_ns), changes
        before = point
    return state, changes


def _was_clear_after(known: State, at_ns: int) -> bool:
    """Whether a rule that is not raised was clear at some time after `at_ns`: it is now, or became pending later."""
    return known.phase == Rule.Phase.CLEAR or (known.phase == Rule.Phase.PENDING and known.since_ns > at_ns)
