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


def a_minute(begin_ns: int, end_ns: int, by: float) -> float:
    """How much a metric changes a minute that changed `by` so much between two readings."""
    return abs(by) * (NS_PER_MINUTE / max(end_ns - begin_ns, LEAST_STEP_NS))


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
        """The state after a late reading behind which none lies, though the clock has raised an alarm since.

        It stands until the next one: where it ends the condition, the alarm ends as soon as it began.
        """
        measured = self._measured(before, newest)
        if known.phase != Rule.Phase.RAISED or measured is None or not self._ended(measured):
            return known, []
        return State(Rule.Phase.CLEAR, newest.at_ns, newest.at_ns), [Change(False, known.settled_ns, newest.value)]

    def _measured(self, before: Point | None, point: Point) -> float | None:
        """What the threshold is for: the value, or how much it changes a minute."""
        if self.kind != Rule.Kind.RATE:
            return point.value
        return None if before is None else a_minute(before.at_ns, point.at_ns, point.value - before.value)

    def _holds(self, measured: float) -> bool:
        return measured < self.threshold if self.kind == Rule.Kind.BELOW else measured > self.threshold

    def _ended(self, measured: float) -> bool:
        if self.kind == Rule.Kind.BELOW:
            return measured >= self.threshold + self.hysteresis
        return measured <= self.threshold - self.hysteresis


def replayed_from(condition: Condition, known: State, late_ns: int) -> int:
    """From when on readings count when late ones come from `late_ns` on.

    One changes also how fast the next came: what seemed to have ended with that may have held for all of the hold.
    """
    may_have_held = condition.kind == Rule.Kind.RATE and _was_clear(known, late_ns)
    return max(late_ns - (condition.hold_ns if may_have_held else 0), known.settled_ns + 1)


def replay(
    condition: Condition, known: State, before: Point | None, points: Iterable[Point], last_new_ns: int
) -> tuple[State, list[Change]]:
    """The state after `points`: those that are new, and with late ones what lies between and behind them.

    Ends early where a reading behind the new ones leaves the rule clear that is not raised by now: then it was clear
    there before, too, and from there on all is judged as it was.
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
                if state.phase == Rule.Phase.CLEAR and _was_clear(known, point.at_ns):
                    since_ns = known.since_ns if known.phase == Rule.Phase.PENDING else state.settled_ns
                    return State(known.phase, since_ns, state.settled_ns), changes
        before = point
    return state, changes


def _was_clear(known: State, at_ns: int) -> bool:
    """Whether what is known now began later than a reading after which all is clear."""
    return known.phase == Rule.Phase.CLEAR or (known.phase == Rule.Phase.PENDING and known.since_ns > at_ns)
