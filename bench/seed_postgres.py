"""Fills a PostgreSQL with a plan's readings, in SQL: through `two.storage.store` ten million take six minutes."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .seed import Plan

NS_PER_DAY = 86_400 * 10**9
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
PERIODS_NS = {"two_minuterollup": 60 * 10**9, "two_hourrollup": 3600 * 10**9}


def fill_by_sql(metrics: list[int], plan: "Plan") -> None:
    """The rows that `fill` stores, in the worst order there is: that of their time, all metrics mixed."""
    from django.db import connection

    step_ns = int(plan.days * NS_PER_DAY) // plan.readings
    first_ns = time.time_ns() - plan.readings * step_ns
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute(READINGS, [first_ns, step_ns, plan.readings - 1, metrics])
        for table, period_ns in PERIODS_NS.items():
            cursor.execute(ROLLUPS.format(table=table), [period_ns, period_ns])
        cursor.execute("VACUUM ANALYZE")  # autovacuum does while readings come in
        cursor.execute("CHECKPOINT")
