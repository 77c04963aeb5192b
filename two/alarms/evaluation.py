"""Judges new readings by the rules of their metrics, in the transaction that stores them.

So an alarm is raised if and only if its reading is stored, and once, however many processes record: whoever writes
the readings of an hour waits for whoever does so already (two/storage.py), and then sees what that one decided.
Blocks; every function belongs into a transaction.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from django.db import connection

from two.alarms.machine import Change, Condition, Point, State, replay
from two.models import Alarm, Rule
from two.storage import ROWS_PER_STATEMENT, Key

MAX_REPLAYED = 10_000  # readings behind a late one
MAX_ALARMS = 20  # of one rule, in one transaction; of more the last ones are kept


class Around(NamedTuple):
    before: Point | None
    after: Point | None


def evaluate(new: dict[Key, float]) -> list[Alarm]:
    """Judges what `store` found to be new; the alarms that changed, with the last state of each."""
    points: dict[int, list[Point]] = {}
    rules = _rules_of({metric for metric, _ in new})
    if not rules:
        return []
    ruled = {rule.metric_id for rule in rules}
    for (metric, at_ns), value in new.items():
        if metric in ruled:
            points.setdefault(metric, []).append(Point(at_ns, value))
    for own in points.values():
        own.sort()
    around = _around(rules, points)
    changing = [rule.pk for rule in rules if _may_change(rule, points[rule.metric_id], around)]
    if not changing:
        return []
    # Locked in one order, and read again: what was seen before the lock may be over.
    locked = Rule.objects.select_for_update(of=("self",)).select_related("metric__device").filter(pk__in=changing)
    return [alarm for rule in locked.order_by("pk") for alarm in _judge(rule, points[rule.metric_id])]


def _rules_of(metrics: Iterable[int]) -> list[Rule]:
    """Without their metrics: most of them are only asked whether anything may change."""
    found: list[Rule] = []
    ids = iter(sorted(metrics))
    while chunk := list(islice(ids, ROWS_PER_STATEMENT)):
        found += Rule.objects.filter(metric__in=chunk, is_enabled=True)
    return found


def _may_change(rule: Rule, points: Sequence[Point], around: dict[int, Around]) -> bool:
    if rule.kind == Rule.Kind.SILENT:
        return rule.phase == Rule.Phase.RAISED
    before, after = around.get(rule.pk, Around(None, None))
    if after:  # a late reading changes also how fast the next one came
        points = [*points, after]
    return Condition(rule).may_change(state_of(rule), before, points)


def _around(rules: Iterable[Rule], points: dict[int, list[Point]]) -> dict[int, Around]:
    """The readings before and after the new ones, of rules about how fast a metric changes."""
    asked = [rule for rule in rules if rule.kind == Rule.Kind.RATE]
    found: dict[int, Around] = {}
    for first in range(0, len(asked), ROWS_PER_STATEMENT):
        chunk = asked[first : first + ROWS_PER_STATEMENT]
        marks = ",".join(["(%s,%s,%s,%s)"] * len(chunk))
        rows = _rows(
            f"WITH asked (rule, metric, first_ns, last_ns) AS (VALUES {marks}), found AS ("  # noqa: S608 marks alone
            "SELECT asked.rule AS rule, asked.metric AS metric, "
            "(SELECT MAX(at_ns) FROM two_reading WHERE metric_id = asked.metric AND at_ns < asked.first_ns) AS before, "
            "(SELECT MIN(at_ns) FROM two_reading WHERE metric_id = asked.metric AND at_ns > asked.last_ns) AS after "
            "FROM asked) SELECT found.rule, found.before, old.value, found.after, late.value FROM found "
            "LEFT JOIN two_reading old ON old.metric_id = found.metric AND old.at_ns = found.before "
            "LEFT JOIN two_reading late ON late.metric_id = found.metric AND late.at_ns = found.after",
            *chain.from_iterable(
                (rule.pk, rule.metric_id, points[rule.metric_id][0].at_ns, points[rule.metric_id][-1].at_ns)
                for rule in chunk
            ),
        )
        for rule, before_ns, before, after_ns, after in rows:
            found[rule] = Around(
                None if before_ns is None else Point(before_ns, before),
                None if after_ns is None else Point(after_ns, after),
            )
    return found


def _judge(rule: Rule, points: Sequence[Point]) -> list[Alarm]:
    """Judges readings that are stored already, in the order of their times. The rule is locked."""
    if rule.kind == Rule.Kind.SILENT:
        return _break_silence(rule, points[-1])
    first_ns, last_ns = points[0].at_ns, points[-1].at_ns
    before = last_reading(rule.metric_id, first_ns)
    stored = _stored(rule.metric_id, first_ns)
    return settle(rule, *replay(Condition(rule), state_of(rule), before, stored, last_ns))


def _break_silence(rule: Rule, newest: Point) -> list[Alarm]:
    if rule.phase != Rule.Phase.RAISED or newest.at_ns <= rule.settled_ns:
        return []
    state = State(Rule.Phase.CLEAR, newest.at_ns, newest.at_ns)
    return settle(rule, state, [Change(False, newest.at_ns)])


def state_of(rule: Rule) -> State:
    return State(rule.phase, rule.since_ns, rule.settled_ns)


def settle(rule: Rule, state: State, changes: Sequence[Change]) -> list[Alarm]:
    """Stores what became of a locked rule; returns its alarms that changed."""
    if state != state_of(rule):
        rule.phase, rule.since_ns, rule.settled_ns = state
        rule.save(update_fields=["phase", "since_ns", "settled_ns"])
    changed: list[Alarm] = []
    for change in _kept(changes):
        if change.is_raised:
            changed.append(Alarm(rule=rule, raised_ns=change.at_ns, value=change.value))
        elif changed:
            changed[-1].cleared_ns = change.at_ns
        elif alarm := Alarm.objects.filter(rule=rule, cleared_ns=None).first():
            alarm.rule, alarm.cleared_ns = rule, change.at_ns
            alarm.save(update_fields=["cleared_ns"])
            changed.append(alarm)
    Alarm.objects.bulk_create([alarm for alarm in changed if alarm.pk is None])
    return changed


def _kept(changes: Sequence[Change]) -> Sequence[Change]:
    """An alarm that was open ends first; then come the last ones, each from its beginning."""
    if len(changes) <= 2 * MAX_ALARMS:
        return changes
    end = [] if changes[0].is_raised else [changes[0]]
    last = changes[-2 * MAX_ALARMS :]
    return [*end, *(last if last[0].is_raised else last[1:])]


def last_reading(metric: int, before_ns: int) -> Point | None:
    rows = _rows(
        "SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns < %s ORDER BY at_ns DESC LIMIT 1",
        metric,
        before_ns,
    )
    return Point(*rows[0]) if rows else None


def _stored(metric: int, from_ns: int) -> list[Point]:
    rows = _rows(
        "SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns >= %s ORDER BY at_ns LIMIT %s",
        metric,
        from_ns,
        MAX_REPLAYED,
    )
    return [Point(*row) for row in rows]


def _rows(sql: str, *parameters: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
