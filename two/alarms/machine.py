"""When a rule raises and clears its alarm: a function of the readings in the order of their times. Knows no database.

A value stands until the next reading: a condition that has held for long enough raises its alarm at that very
time, whether a reading comes then or not.
"""

from collections.abc import Iterable
from typing import NamedTuple

from two.models import Rule

MINUTE_SECONDS = 60
LEAST_STEP_NS = 10**9  # what changes within less than a second changes as if it took one
NS_PER_S = 10**9


class Point(NamedTuple):
    at_ns: int
    value: float


class State(NamedTuple):
    phase: str
    since_ns: int  # of this phase
    settled_ns: int  # readings up to this time count no more


class Change(NamedTuple):
    """An alarm is raised, with the value that did it, or cleared."""

    is_raised: bool
    at_ns: int
    value: float | None = None


class Condition:
    """What a rule watches, without silence, which no reading tells of."""

    def __init__(self, rule: Rule) -> None:
        self._kind = rule.kind
        self._threshold = rule.threshold if rule.threshold is not None else 0.0
        self._hysteresis = rule.hysteresis
        self._hold_ns = int(rule.hold_seconds * NS_PER_S)

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
        raises_ns = state.since_ns + self._hold_ns
        if state.phase != Rule.Phase.PENDING or now_ns < raises_ns:
            return state
        changes.append(Change(True, raises_ns, last.value))
        return State(Rule.Phase.RAISED, raises_ns, raises_ns)

    def may_change(self, state: State, before: Point | None, points: Iterable[Point]) -> bool:
        """Whether one of `points`, in order, could change `state`; quick, and rather too often true."""
        for point in points:
            measured = self._measured(before, point)
            before = point
            if measured is None or point.at_ns <= state.settled_ns:
                continue
            if state.phase == Rule.Phase.RAISED:
                is_kept = not self._ended(measured)
            elif state.phase == Rule.Phase.PENDING:
                is_kept = self._holds(measured) and point.at_ns < state.since_ns + self._hold_ns
            else:
                is_kept = not self._holds(measured)
            if not is_kept:
                return True
        return False

    def _measured(self, before: Point | None, point: Point) -> float | None:
        """What the threshold is for: the value, or how much it changes a minute."""
        if self._kind != Rule.Kind.RATE:
            return point.value
        if before is None:
            return None
        step_ns = max(point.at_ns - before.at_ns, LEAST_STEP_NS)
        return abs(point.value - before.value) * (MINUTE_SECONDS * NS_PER_S / step_ns)

    def _holds(self, measured: float) -> bool:
        return measured < self._threshold if self._kind == Rule.Kind.BELOW else measured > self._threshold

    def _ended(self, measured: float) -> bool:
        if self._kind == Rule.Kind.BELOW:
            return measured >= self._threshold + self._hysteresis
        return measured <= self._threshold - self._hysteresis


def replay(
    condition: Condition, known: State, before: Point | None, points: Iterable[Point], last_new_ns: int
) -> tuple[State, list[Change]]:
    """The state after `points`: those that are new, and with late ones what lies between and behind them.

    Ends early where the state is again what is known: from there on all is judged as it was before.
    """
    state, changes = known, []
    for point in points:
        if point.at_ns > known.settled_ns:
            if state.phase == Rule.Phase.PENDING and state.since_ns > point.at_ns:  # it was not yet so then
                state = State(Rule.Phase.CLEAR, known.settled_ns, known.settled_ns)
            state, more = condition.advance(state, before, point)
            changes += more
            if point.at_ns > last_new_ns and state == known:
                break
        before = point
    return state, changes
