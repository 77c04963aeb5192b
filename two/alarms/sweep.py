"""What the clock alone brings about: silence, and conditions that have held for long enough meanwhile."""

import asyncio
import time
from functools import partial

from django.db import connection, transaction
from django.db.models import Case, F, Q, Value, When

from examplechannels.background import background
from examplechannels.questions import ask_for_alarms
from two.alarms.evaluation import Judgement, break_silence, condition_of, last_reading, settle, state_of
from two.alarms.machine import Change, State
from two.alarms.wire import tell
from two.models import Alarm, Rule, lock
from two.nanoseconds import NS_PER_SECOND
from two.samples import AHEAD_NS

SWEEP_SECONDS = 1.0
MAX_DUE = 50  # at a time: then pages hear of them

# A device that has never sent is not silent: there is no MAX. What this server could not hear while it was down is no
# silence either, nor what was before there was the rule. MAX of one metric, which its index answers: for NOT EXISTS
# PostgreSQL reads every reading there is.
SILENT = """
SELECT rule.id FROM two_rule rule WHERE rule.kind = 'silent' AND rule.is_enabled AND rule.phase <> 'raised'
AND rule.hold_seconds <= %s AND rule.settled_ns + rule.hold_seconds * 1000000000 <= %s
AND (SELECT MAX(at_ns) FROM two_reading WHERE metric_id = rule.metric_id AND at_ns < %s)
    + rule.hold_seconds * 1000000000 <= %s
ORDER BY rule.id LIMIT %s
"""
HELD = """
SELECT id FROM two_rule WHERE phase = 'pending' AND is_enabled AND since_ns + hold_seconds * 1000000000 <= %s
ORDER BY id LIMIT %s
"""
# On PostgreSQL a reading may be committed just after the look that found silence, by who looked just before.
HEARD = """
SELECT rule.id FROM two_rule rule WHERE rule.kind = 'silent' AND rule.is_enabled AND rule.phase = 'raised'
AND EXISTS (SELECT 1 FROM two_reading WHERE metric_id = rule.metric_id AND at_ns > rule.settled_ns
    AND at_ns > %s - rule.hold_seconds * 1000000000 AND at_ns < %s)
ORDER BY rule.id LIMIT %s
"""


class RuleWatch:
    """Whether there is any rule: while there is none, nobody has to look for alarms to tell, or to send."""

    has_rules = True  # as of the last look of this process; until the first perhaps


rule_watch = RuleWatch()


def is_any_rule() -> bool:
    """Blocks. The ORM takes twice as long, each second of each process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM two_rule LIMIT 1")
        return cursor.fetchone() is not None


def sweep(listening_seconds: float, now_ns: int | None = None) -> list[Alarm]:
    """Raises and ends what is due; `listening_seconds` is for how long this server could have heard all. Blocks."""
    now = time.time_ns() if now_ns is None else now_ns
    ahead = now + AHEAD_NS
    _begin_anew(now)
    changed = []
    for sql, parameters in (
        (SILENT, (listening_seconds, now, ahead, now, MAX_DUE)),
        (HELD, (now, MAX_DUE)),
        (HEARD, (now, ahead, MAX_DUE)),
    ):
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            due = [row[0] for row in cursor.fetchall()]
        for rule in due:
            with transaction.atomic():
                changed += _look_again(rule, now)
    return changed


def _begin_anew(now_ns: int) -> None:
    """The rules that are ahead of the clock, which was set back: else they would judge nothing until it is there again.

    An open alarm stays open until a reading ends it.
    """
    ahead = Rule.objects.filter(Q(since_ns__gt=now_ns + AHEAD_NS) | Q(settled_ns__gt=now_ns + AHEAD_NS))
    if not ahead.exists():
        return
    phase = Case(When(phase=Rule.Phase.RAISED, then=F("phase")), default=Value(Rule.Phase.CLEAR))
    with transaction.atomic():
        lock(ahead)
        ahead.update(phase=phase, since_ns=now_ns, settled_ns=now_ns)


def _look_again(rule_id: int, now_ns: int) -> list[Alarm]:
    """Looks again, with the rule locked: another process may have been quicker."""
    rules = Rule.objects.select_for_update(of=("self",)).select_related("metric__device")
    rule = rules.filter(pk=rule_id, is_enabled=True).first()
    last = last_reading(rule.metric_id, now_ns + AHEAD_NS) if rule else None
    if rule is None or last is None:
        return []
    if rule.kind != Rule.Kind.SILENT:
        changes: list[Change] = []
        state = condition_of(rule).expire(state_of(rule), now_ns, last, changes)
        return settle([Judgement(rule, state, changes)])
    if rule.phase == Rule.Phase.RAISED:
        return settle([break_silence(rule, last.at_ns, now_ns)])
    silent_ns = max(last.at_ns, rule.settled_ns) + int(rule.hold_seconds * NS_PER_SECOND)
    if silent_ns > now_ns:
        return []
    return settle([Judgement(rule, State(Rule.Phase.RAISED, silent_ns, silent_ns), [Change(True, silent_ns)])])


@background.register
async def watch_the_clock() -> None:
    began = time.monotonic()
    try:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            rule_watch.has_rules = await ask_for_alarms(is_any_rule)
            while rule_watch.has_rules and (changed := await ask_for_alarms(partial(sweep, time.monotonic() - began))):
                tell(changed)
    finally:
        rule_watch.has_rules = True  # perhaps: nobody looks any more
