"""How fast metrics change with new readings, and questions about many metrics at once."""

from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from sys import float_info
from typing import Any, NamedTuple

from django.db import connection

from two.alarms.machine import rate_per_minute
from two.storage import ROWS_PER_STATEMENT

MAX_COUNTED = 30_000  # more than are ever new at once (two/recorder.py)

RATED = "SELECT DISTINCT metric_id FROM two_rule WHERE is_enabled AND kind = 'rate' AND metric_id IN ({marks})"
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


def spans_of_rates(series: Mapping[int, Series]) -> list[Span]:
    """How fast metrics with a rule about it change, from the reading before the new ones to the one after them."""
    found = []
    rated = [series[row[0]] for row in asked(RATED, [(metric,) for metric in series])]
    sql = AROUND.replace("{most}", str(MAX_COUNTED))
    around = asked(sql, [(own.metric, own.times_ns[0], own.times_ns[-1]) for own in rated])
    for metric, before_ns, before, after_ns, after, among in around:
        own = series[metric]
        times_ns, values = own.times_ns, own.values
        if before_ns is not None:
            times_ns, values = [before_ns, *times_ns], [before, *values]
        if after_ns is not None:  # a late reading changes also how fast the next one came
            times_ns, values = [*times_ns, after_ns], [*values, after]
        steps = zip(pairwise(times_ns), pairwise(values), strict=True)
        rates = [rate_per_minute(begin_ns, end_ns, value - last) for (begin_ns, end_ns), (last, value) in steps]
        if among > len(own.times_ns):  # old ones lie between the new ones: any rate
            rates = [0.0, float_info.max]
        if rates:
            found.append(Span(metric, min(rates), max(rates), own.times_ns[0], times_ns[-1]))
    return found


def asked(sql: str, rows: Sequence[tuple[float, ...]]) -> list[tuple[Any, ...]]:
    """What `sql` finds for `rows`, which stand where it says {marks}; as many a statement as SQLite takes."""
    found: list[tuple[Any, ...]] = []
    for first in range(0, len(rows), ROWS_PER_STATEMENT):
        chunk = rows[first : first + ROWS_PER_STATEMENT]
        mark = ",".join(["%s"] * len(chunk[0]))
        marks = ",".join([f"({mark})" if len(chunk[0]) > 1 else mark] * len(chunk))
        found += rows_of(sql.replace("{marks}", marks), list(chain.from_iterable(chunk)))
    return found


def rows_of(sql: str, parameters: Sequence[float]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
