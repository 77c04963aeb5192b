"""Fills a PostgreSQL with a plan's readings, in SQL: through `two.storage.store` ten million take six minutes."""

from typing import TYPE_CHECKING

from two.nanoseconds import NS_PER_HOUR, NS_PER_MINUTE

if TYPE_CHECKING:
    from .seed import Plan

READINGS = """
INSERT INTO two_reading (metric_id, at_ns, value)
SELECT metric, %s + k * %s, metric %% 50 + k * 7 %% 100 / 10.0
FROM generate_series(0::bigint, %s) AS k CROSS JOIN unnest(%s::bigint[]) AS metric ORDER BY k, metric
"""
ROLLUPS = """
INSERT INTO {table} (metric_id, start_ns, count, scaled_sum, minimum, maximum)
SELECT metric_id, at_ns / %s * %s AS start, count(*), sum(value * 2.0::float8 ^ -64), min(value), max(value)
FROM two_reading GROUP BY metric_id, start ORDER BY start, metric_id
"""
PERIODS_NS = {"two_minuterollup": NS_PER_MINUTE, "two_hourrollup": NS_PER_HOUR}


def fill_by_sql(metrics: list[int], plan: "Plan") -> None:
    """The rows that `fill` stores, in the worst order there is: that of their time, all metrics mixed."""
    from django.db import connection

    first_ns, step_ns = plan.spread()
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute(READINGS, [first_ns, step_ns, plan.readings - 1, metrics])
        for table, period_ns in PERIODS_NS.items():
            cursor.execute(ROLLUPS.format(table=table), [period_ns, period_ns])
        cursor.execute("VACUUM ANALYZE")  # autovacuum does while readings come in
        cursor.execute("CHECKPOINT")
