"""Judges new readings by the rules of their metrics, in the transaction that stores them.

So an alarm is raised if and only if its reading is stored, and once, however many processes record: whoever writes
the readings of an hour waits for whoever does so already (two/storage.py), and then sees what that one decided.
Blocks; every function belongs into a transaction.
"""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from two.alarms.machine import Change, Condition, Point, State, replay, replayed_from
from two.alarms.rates import Series, Span, asked, rows_of, spans_of_rates
from two.models import Alarm, Rule
from two.nanoseconds import NS_PER_SECOND
from two.samples import AHEAD_NS
from two.storage import ROWS_PER_STATEMENT, Key

MAX_REPLAYED = 30_000  # the last ones: more than are ever new at once (two/recorder.py), and those after a late one
MAX_UNTOLD = 20  # alarms of a rule that came and went since it last spoke; more are counted, the last ones kept


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
    until_ns = max(last_ns, now_ns + AHEAD_NS)
    points = _stored(new.metric, from_ns, until_ns)
    begins_ns = [max(first_ns, rule.settled_ns + 1) for rule in replayed]
    if points[-1].at_ns > last_ns:
        begins_ns = [replayed_from(condition_of(rule), state_of(rule), first_ns) for rule in replayed]
        if min(begins_ns) < from_ns:
            points = _stored(new.metric, min(begins_ns), until_ns)
    for rule, begin_ns in zip(replayed, begins_ns, strict=True):
        if points[-1].at_ns == last_ns <= rule.settled_ns:
            before = points[-2] if len(points) > 1 else None
            yield Judgement(rule, *condition_of(rule).overtake(state_of(rule), before, points[-1]))
            continue
        begin = bisect_left(points, begin_ns, key=attrgetter("at_ns"))
        if len(points) > MAX_REPLAYED:
            begin = max(begin, 1)
        before = points[begin - 1] if begin else None
        yield Judgement(rule, *replay(condition_of(rule), state_of(rule), before, points[begin:], last_ns))


def break_silence(rule: Rule, at_ns: int, now_ns: int) -> Judgement:
    """A reading came that is stored already. The rule is locked.

    One that is as old as that by now is silence still: a device whose clock lags would come and go for ever.
    """
    is_silent = at_ns + int(rule.hold_seconds * NS_PER_SECOND) <= now_ns
    if rule.phase != Rule.Phase.RAISED or at_ns <= rule.settled_ns or is_silent:
        return Judgement(rule, state_of(rule), [])
    return Judgement(rule, State(Rule.Phase.CLEAR, at_ns, at_ns), [Change(False, at_ns)])


def condition_of(rule: Rule) -> Condition:
    return Condition(rule.kind, rule.threshold or 0.0, int(rule.hold_seconds * NS_PER_SECOND), rule.hysteresis)


def state_of(rule: Rule) -> State:
    return State(rule.phase, rule.since_ns, rule.settled_ns)


def settle(judged: Iterable[Judgement]) -> list[Alarm]:
    """Stores what became of locked rules; returns their alarms that changed, the last ones of very many."""
    judged = [one for one in judged if one.changes or one.state != state_of(one.rule)]
    changing = [one.rule.pk for one in judged if one.changes]
    opened = {alarm.rule_id: alarm for alarm in Alarm.objects.filter(rule__in=changing, cleared_ns=None)}
    untold = dict(_passed(changing).order_by().values_list("rule").annotate(Count("pk")))
    changed, dropped, crowded = [], Counter[int](), []
    for rule, _, changes in judged:
        kept = _kept(changes, max(MAX_UNTOLD - untold.get(rule.pk, 0), 1))
        dropped[rule.pk] = (len(changes) - len(kept)) // 2
        own = _changed(rule, opened.get(rule.pk), kept)
        changed += own
        if untold.get(rule.pk, 0) + len(own) > MAX_UNTOLD:
            crowded.append(rule.pk)
    cleared = [(alarm.cleared_ns, alarm.pk) for alarm in changed if alarm.pk is not None]
    with connection.cursor() as cursor:  # of a thousand rows bulk_update takes 100 ms
        cursor.executemany("UPDATE two_alarm SET cleared_ns = %s WHERE id = %s", cleared)
    Alarm.objects.bulk_create([alarm for alarm in changed if alarm.pk is None])
    dropped.update(_drop_oldest(crowded))
    rules = [(str(state.phase), *state[1:], dropped[rule.pk], rule.pk) for rule, state, _ in judged]
    with connection.cursor() as cursor:
        sql = "UPDATE two_rule SET phase = %s, since_ns = %s, settled_ns = %s, untold = untold + %s WHERE id = %s"
        cursor.executemany(sql, rules)
    return changed


def _changed(rule: Rule, opened: Alarm | None, changes: Sequence[Change]) -> list[Alarm]:
    """A rule's alarms as they are after its changes, of which none is saved."""
    found: list[Alarm] = []
    for change in changes:
        if change.is_raised:
            found.append(Alarm.of(rule, change.at_ns, change.value))
        elif found:
            found[-1].cleared_ns = change.at_ns
        elif opened:
            opened.rule, opened.cleared_ns = rule, max(change.at_ns, opened.raised_ns)
            found.append(opened)
    return found


def _kept(changes: Sequence[Change], most: int) -> Sequence[Change]:
    """An alarm that was open ends first; then come the last `most`, each from its beginning."""
    is_open = bool(changes) and changes[-1].is_raised
    if len(changes) <= 2 * most - is_open:
        return changes
    end = [] if changes[0].is_raised else [changes[0]]
    return [*end, *changes[len(end) :][is_open - 2 * most :]]


def _passed(rules: Sequence[int]) -> QuerySet[Alarm]:
    """Alarms that came and went, of which nobody has heard in the room."""
    nobody = Q(told=Alarm.Told.NOTHING, acknowledged_on=None)
    return Alarm.objects.filter(nobody, rule__in=rules, told__lt=Alarm.Told.ALL, cleared_ns__isnull=False)


def _drop_oldest(rules: Sequence[int]) -> list[int]:
    """Deletes what rules have too many of; returns the rule of each."""
    place = Window(RowNumber(), partition_by="rule", order_by=[F("raised_ns").desc(), F("pk").desc()])
    found = _passed(rules).order_by().annotate(place=place).filter(place__gt=MAX_UNTOLD).values_list("pk", "rule")
    excess = list(found)
    for first in range(0, len(excess), ROWS_PER_STATEMENT):
        chunk = excess[first : first + ROWS_PER_STATEMENT]
        Alarm.objects.filter(pk__in=[pk for pk, _ in chunk]).delete()
    return [rule for _, rule in excess]


def last_reading(metric: int, before_ns: int) -> Point | None:
    sql = "SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns < %s ORDER BY at_ns DESC LIMIT 1"
    rows = rows_of(sql, [metric, before_ns])
    return Point(*rows[0]) if rows else None


def _stored(metric: int, from_ns: int, until_ns: int) -> list[Point]:
    """Readings from `from_ns` to `until_ns`, and the two before them; the last ones of very many."""
    rows = rows_of(STORED, [metric, until_ns, metric, from_ns, from_ns, MAX_REPLAYED + 1])
    return [Point(*row) for row in reversed(rows)]
