"""Judges new readings by the rules of their metrics, in the transaction that stores them.

So an alarm is raised if and only if its reading is stored, and once, however many processes record: whoever writes
the readings of an hour waits for whoever does so already (two/storage.py), and then sees what that one decided.
Blocks; every function belongs into a transaction.
"""

from collections.abc import Sequence
from itertools import chain, pairwise
from sys import float_info
from typing import Any, NamedTuple

from django.db import connection

from two.alarms.machine import NS_PER_S, Change, Condition, Point, State, a_minute, replay
from two.models import Alarm, Rule
from two.storage import ROWS_PER_STATEMENT, Key

MAX_REPLAYED = 30_000  # the last ones: more than are ever new at once (two/recorder.py), and those behind a late one
MAX_ALARMS = 20  # of one rule, in one transaction; of more the last ones are kept


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
RULED = "SELECT DISTINCT metric_id FROM two_rule WHERE is_enabled AND kind = 'rate' AND metric_id IN ({marks})"
AROUND = """
WITH asked (metric, first_ns, last_ns) AS (VALUES {marks}), found AS (
    SELECT asked.metric AS metric,
        (SELECT MAX(at_ns) FROM two_reading WHERE metric_id = asked.metric AND at_ns < asked.first_ns) AS before,
        (SELECT MIN(at_ns) FROM two_reading WHERE metric_id = asked.metric AND at_ns > asked.last_ns) AS after,
        (SELECT COUNT(*) FROM (SELECT 1 FROM two_reading
            WHERE metric_id = asked.metric AND at_ns BETWEEN asked.first_ns AND asked.last_ns LIMIT {most}) AS few
        ) AS among
    FROM asked)
SELECT found.metric, found.before, old.value, found.after, late.value, found.among FROM found
LEFT JOIN two_reading old ON old.metric_id = found.metric AND old.at_ns = found.before
LEFT JOIN two_reading late ON late.metric_id = found.metric AND late.at_ns = found.after
"""


class Span(NamedTuple):
    """What some readings of a metric measure at least and at most, and from when to when."""

    metric: int
    least: float
    most: float
    first_ns: int
    last_ns: int


class Series(NamedTuple):
    """The new readings of a metric, in the order of their times."""

    metric: int
    times_ns: list[int]
    values: list[float]

    def span(self) -> Span:
        return Span(self.metric, min(self.values), max(self.values), self.times_ns[0], self.times_ns[-1])


def evaluate(new: dict[Key, float]) -> list[Alarm]:
    """Judges what `store` found to be new; the alarms that changed, with the last state of each."""
    if not new or not _rows("SELECT 1 FROM two_rule WHERE is_enabled LIMIT 1", []):
        return []
    series: dict[int, Series] = {}
    for (metric, at_ns), value in sorted(new.items()):
        own = series.get(metric)
        if own is None:
            own = series[metric] = Series(metric, [], [])
        own.times_ns.append(at_ns)
        own.values.append(value)
    rated = [series[row[0]] for row in _asked(RULED, [(metric,) for metric in series])]
    changing = _may_change(("above", "below", "silent"), [own.span() for own in series.values()])
    changing += _may_change(("rate",), _rates(rated))
    # Locked in one order, and read again: what was seen before the lock may be over.
    locked = Rule.objects.select_for_update(of=("self",)).select_related("metric__device").filter(pk__in=changing)
    return [
        alarm for rule in (locked.order_by("pk") if changing else ()) for alarm in _judge(rule, series[rule.metric_id])
    ]


def _may_change(kinds: Sequence[str], spans: Sequence[Span]) -> list[int]:
    sql = MAY_CHANGE.replace("{kinds}", ",".join(f"'{kind}'" for kind in kinds))
    return [row[0] for row in _asked(sql, spans)]


def _rates(rated: Sequence[Series]) -> list[Span]:
    """How fast metrics change, from the reading before the new ones to the one after them."""
    found = []
    sql = AROUND.replace("{most}", str(MAX_REPLAYED))
    around = _asked(sql, [(own.metric, own.times_ns[0], own.times_ns[-1]) for own in rated])
    by_metric = {own.metric: own for own in rated}
    for metric, before_ns, before, after_ns, after, among in around:
        own = by_metric[metric]
        times_ns, values = own.times_ns, own.values
        if before_ns is not None:
            times_ns, values = [before_ns, *times_ns], [before, *values]
        if after_ns is not None:  # a late reading changes also how fast the next one came
            times_ns, values = [*times_ns, after_ns], [*values, after]
        steps = zip(pairwise(times_ns), pairwise(values), strict=True)
        rates = [a_minute(begin_ns, end_ns, value - last) for (begin_ns, end_ns), (last, value) in steps]
        if among > len(own.times_ns):  # old ones lie between the new ones: any rate
            rates = [0.0, float_info.max]
        if rates:
            found.append(Span(metric, min(rates), max(rates), own.times_ns[0], times_ns[-1]))
    return found


def _judge(rule: Rule, new: Series) -> list[Alarm]:
    """Judges readings that are stored already, in the order of their times. The rule is locked."""
    first_ns, last_ns = new.times_ns[0], new.times_ns[-1]
    if rule.kind == Rule.Kind.SILENT:
        return break_silence(rule, last_ns)
    stored = _stored(rule.metric_id, max(first_ns, rule.settled_ns + 1))
    before = last_reading(rule.metric_id, stored[0].at_ns) if stored else None
    return settle(rule, *replay(condition_of(rule), state_of(rule), before, stored, last_ns))


def break_silence(rule: Rule, at_ns: int) -> list[Alarm]:
    """A reading came that is stored already. The rule is locked."""
    if rule.phase != Rule.Phase.RAISED or at_ns <= rule.settled_ns:
        return []
    return settle(rule, State(Rule.Phase.CLEAR, at_ns, at_ns), [Change(False, at_ns)])


def condition_of(rule: Rule) -> Condition:
    return Condition(rule.kind, rule.threshold or 0.0, int(rule.hold_seconds * NS_PER_S), rule.hysteresis)


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
            changed.append(Alarm.of(rule, change.at_ns, change.value))
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
    sql = "SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns < %s ORDER BY at_ns DESC LIMIT 1"
    rows = _rows(sql, [metric, before_ns])
    return Point(*rows[0]) if rows else None


def _stored(metric: int, from_ns: int) -> list[Point]:
    sql = "SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns >= %s ORDER BY at_ns DESC LIMIT %s"
    return [Point(*row) for row in reversed(_rows(sql, [metric, from_ns, MAX_REPLAYED]))]


def _asked(sql: str, rows: Sequence[tuple[float, ...]]) -> list[tuple[Any, ...]]:
    """What `sql` finds for `rows`, which stand where it says {marks}; as many a statement as SQLite takes."""
    found: list[tuple[Any, ...]] = []
    for first in range(0, len(rows), ROWS_PER_STATEMENT):
        chunk = rows[first : first + ROWS_PER_STATEMENT]
        mark = ",".join(["%s"] * len(chunk[0]))
        marks = ",".join([f"({mark})" if len(chunk[0]) > 1 else mark] * len(chunk))
        found += _rows(sql.replace("{marks}", marks), list(chain.from_iterable(chunk)))
    return found


def _rows(sql: str, parameters: Sequence[float]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
