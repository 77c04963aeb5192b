"""Judges new readings by the rules of their metrics, in the transaction that stores them.

So an alarm is raised if and only if its reading is stored, and once, however many processes record: whoever writes
the readings of an hour waits for whoever does so already (two/storage.py), and then sees what that one decided.
Blocks; every function belongs into a transaction.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from django.db import connection

from two.alarms.machine import NS_PER_S, Change, Condition, Point, State, replay
from two.alarms.rates import Series, Span, asked, rows_of, spans_of_rates
from two.models import Alarm, Rule
from two.samples import AHEAD_NS
from two.storage import Key

MAX_REPLAYED = 30_000  # the last ones: more than are ever new at once (two/recorder.py), and those behind a late one
MAX_UNTOLD = 20  # of one rule, in one transaction; of more the last ones are kept


# Which rules readings may change that measure from `least` to `most`, from `first_ns` to `last_ns`: as machine.py has
# it, though rather too often. A thousand rules are seen through in the time that Python takes to read ten of them.
MAY_CHANGE = """
WITH asked (metric, least, most, first_ns, last_ns) AS (VALUES {marks})
SELECT rule.id FROM asked JOIN two_rule rule ON rule.metric_id = asked.metric
WHERE rule.is_enabled AND rule.kind IN ({kinds}) AND (
    CASE WHEN rule.kind = 'silent' THEN rule.phase = 'raised'
    WHEN rule.phase = 'raised' AND rule.kind = 'below' THEN asked.most >= rule.threshold + rule.hysteresis
    WHEN rule.phase = 'raised' THEN asked.least <= rule.threshold - rule.hysteresis
    WHEN rule.phase = 'clear' AND rule.kind = 'below' THEN asked.least < rule.threshold
    WHEN rule.phase = 'clear' THEN asked.most > rule.threshold
    WHEN asked.first_ns < rule.since_ns THEN 1 = 1
    WHEN asked.last_ns + 1 >= rule.since_ns + CAST(rule.hold_seconds * 1000000000 AS BIGINT) THEN 1 = 1
    WHEN rule.kind = 'below' THEN asked.most >= rule.threshold
    ELSE asked.least <= rule.threshold END)
"""
STORED = """
SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns <= %s
AND at_ns >= COALESCE((SELECT MIN(at_ns) FROM (SELECT at_ns FROM two_reading
    WHERE metric_id = %s AND at_ns < %s ORDER BY at_ns DESC LIMIT 2) AS before), %s)
ORDER BY at_ns DESC LIMIT %s
"""


class Judgement(NamedTuple):
    """What becomes of a rule."""

    rule: Rule
    state: State
    changes: Sequence[Change]


def evaluate(new: dict[Key, float], now_ns: int | None = None) -> list[Alarm]:
    """Judges what `store` found to be new; the alarms that changed, with the last state of each."""
    now = time.time_ns() if now_ns is None else now_ns
    if not new or not rows_of("SELECT 1 FROM two_rule WHERE is_enabled LIMIT 1", []):
        return []
    series: dict[int, Series] = {}
    for (metric, at_ns), value in sorted(new.items()):
        own = series.get(metric)
        if own is None:
            own = series[metric] = Series(metric, [], [])
        own.times_ns.append(at_ns)
        own.values.append(value)
    changing = _may_change(("above", "below", "silent"), [own.span() for own in series.values()])
    changing += _may_change(("rate",), spans_of_rates(series))
    if not changing:
        return []
    # Locked in one order, and read again: what was seen before the lock may be over.
    locked = Rule.objects.select_for_update(of=("self",)).select_related("metric__device").filter(pk__in=changing)
    by_metric: dict[int, list[Rule]] = {}
    for rule in locked.order_by("pk"):
        by_metric.setdefault(rule.metric_id, []).append(rule)
    return settle([judged for metric, rules in by_metric.items() for judged in _judge(rules, series[metric], now)])


def _may_change(kinds: Sequence[str], spans: Sequence[Span]) -> list[int]:
    sql = MAY_CHANGE.replace("{kinds}", ",".join(f"'{kind}'" for kind in kinds))
    return [row[0] for row in asked(sql, spans)]


def _judge(rules: Sequence[Rule], new: Series, now_ns: int) -> Iterator[Judgement]:
    """Judges readings that are stored already, in the order of their times, by locked rules of their metric."""
    first_ns, last_ns = new.times_ns[0], new.times_ns[-1]
    replayed = [rule for rule in rules if rule.kind != Rule.Kind.SILENT]
    yield from (break_silence(rule, last_ns, now_ns) for rule in rules if rule.kind == Rule.Kind.SILENT)
    if not replayed:
        return
    from_ns = max(first_ns, min(rule.settled_ns for rule in replayed) + 1)
    points = _stored(new.metric, from_ns, max(last_ns, now_ns + AHEAD_NS))
    for rule in replayed:
        if points[-1].at_ns == last_ns <= rule.settled_ns:
            before = points[-2] if len(points) > 1 else None
            yield Judgement(rule, *condition_of(rule).overtake(state_of(rule), before, points[-1]))
            continue
        begin = bisect_left(points, max(first_ns, rule.settled_ns + 1), key=attrgetter("at_ns"))
        if len(points) > MAX_REPLAYED:
            begin = max(begin, 1)
        before = points[begin - 1] if begin else None
        yield Judgement(rule, *replay(condition_of(rule), state_of(rule), before, points[begin:], last_ns))


def break_silence(rule: Rule, at_ns: int, now_ns: int) -> Judgement:
    """A reading came that is stored already. The rule is locked.

    One that is as old as that by now is silence still: a device whose clock lags would come and go for ever.
    """
    is_silent = at_ns + int(rule.hold_seconds * NS_PER_S) <= now_ns
    if rule.phase != Rule.Phase.RAISED or at_ns <= rule.settled_ns or is_silent:
        return Judgement(rule, state_of(rule), [])
    return Judgement(rule, State(Rule.Phase.CLEAR, at_ns, at_ns), [Change(False, at_ns)])


def condition_of(rule: Rule) -> Condition:
    return Condition(rule.kind, rule.threshold or 0.0, int(rule.hold_seconds * NS_PER_S), rule.hysteresis)


def state_of(rule: Rule) -> State:
    return State(rule.phase, rule.since_ns, rule.settled_ns)


def settle(judged: Iterable[Judgement]) -> list[Alarm]:
    """Stores what became of locked rules; returns their alarms that changed."""
    judged = [one for one in judged if one.changes or one.state != state_of(one.rule)]
    changing = [one.rule.pk for one in judged if one.changes]
    opened = {alarm.rule_id: alarm for alarm in Alarm.objects.filter(rule__in=changing, cleared_ns=None)}
    changed = [alarm for one in judged for alarm in _changed(one, opened.get(one.rule.pk))]
    rules = [(str(one.state.phase), *one.state[1:], one.rule.pk) for one in judged]
    cleared = [(alarm.cleared_ns, alarm.pk) for alarm in changed if alarm.pk is not None]
    with connection.cursor() as cursor:  # of a thousand rows bulk_update takes 100 ms
        cursor.executemany("UPDATE two_rule SET phase = %s, since_ns = %s, settled_ns = %s WHERE id = %s", rules)
        cursor.executemany("UPDATE two_alarm SET cleared_ns = %s WHERE id = %s", cleared)
    Alarm.objects.bulk_create([alarm for alarm in changed if alarm.pk is None])
    return changed


def _changed(judged: Judgement, opened: Alarm | None) -> list[Alarm]:
    """A rule's alarms as they are after its changes, of which none is saved."""
    found: list[Alarm] = []
    for change in _kept(judged.changes):
        if change.is_raised:
            found.append(Alarm.of(judged.rule, change.at_ns, change.value))
        elif found:
            found[-1].cleared_ns = change.at_ns
        elif opened:
            opened.rule, opened.cleared_ns = judged.rule, max(change.at_ns, opened.raised_ns)
            found.append(opened)
    return found


def _kept(changes: Sequence[Change]) -> Sequence[Change]:
    """An alarm that was open ends first; then come the last ones, each from its beginning."""
    if len(changes) <= 2 * MAX_UNTOLD:
        return changes
    end = [] if changes[0].is_raised else [changes[0]]
    last = changes[-2 * MAX_UNTOLD :]
    return [*end, *(last if last[0].is_raised else last[1:])]


def last_reading(metric: int, before_ns: int) -> Point | None:
    sql = "SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns < %s ORDER BY at_ns DESC LIMIT 1"
    rows = rows_of(sql, [metric, before_ns])
    return Point(*rows[0]) if rows else None


def _stored(metric: int, from_ns: int, until_ns: int) -> list[Point]:
    """Readings from `from_ns` to `until_ns`, and the two before them; the last ones of very many."""
    rows = rows_of(STORED, [metric, until_ns, metric, from_ns, from_ns, MAX_REPLAYED + 1])
    return [Point(*row) for row in reversed(rows)]
