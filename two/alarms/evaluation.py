"""Judges new readings by the rules of their metrics, in the transaction that stores them.

So an alarm is raised if and only if its reading is stored, and once, however many processes record: whoever writes
the readings of an hour waits for whoever does so already (two/storage.py), and then sees what that one decided.
Blocks; every function belongs into a transaction.
"""

from collections.abc import Sequence

from two.alarms.machine import NS_PER_S, Change, Condition, Point, State, replay
from two.alarms.rates import Series, Span, asked, rows_of, spans_of_rates
from two.models import Alarm, Rule
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


def evaluate(new: dict[Key, float]) -> list[Alarm]:
    """Judges what `store` found to be new; the alarms that changed, with the last state of each."""
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
    # Locked in one order, and read again: what was seen before the lock may be over.
    locked = Rule.objects.select_for_update(of=("self",)).select_related("metric__device").filter(pk__in=changing)
    return [
        alarm for rule in (locked.order_by("pk") if changing else ()) for alarm in _judge(rule, series[rule.metric_id])
    ]


def _may_change(kinds: Sequence[str], spans: Sequence[Span]) -> list[int]:
    sql = MAY_CHANGE.replace("{kinds}", ",".join(f"'{kind}'" for kind in kinds))
    return [row[0] for row in asked(sql, spans)]


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
    if len(changes) <= 2 * MAX_UNTOLD:
        return changes
    end = [] if changes[0].is_raised else [changes[0]]
    last = changes[-2 * MAX_UNTOLD :]
    return [*end, *(last if last[0].is_raised else last[1:])]


def last_reading(metric: int, before_ns: int) -> Point | None:
    sql = "SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns < %s ORDER BY at_ns DESC LIMIT 1"
    rows = rows_of(sql, [metric, before_ns])
    return Point(*rows[0]) if rows else None


def _stored(metric: int, from_ns: int) -> list[Point]:
    sql = "SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns >= %s ORDER BY at_ns DESC LIMIT %s"
    return [Point(*row) for row in reversed(rows_of(sql, [metric, from_ns, MAX_REPLAYED]))]
