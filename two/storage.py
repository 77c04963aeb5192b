"""Writes readings and what is kept of them per minute and hour, in SQL that SQLite and PostgreSQL share."""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from django.db import connection

from two.nanoseconds import NS_PER_HOUR, NS_PER_MINUTE

SCALE = 2.0**-64  # of sums, see two/models.py
ROWS_PER_STATEMENT = 1_000  # SQLite takes 32,766 parameters, six a row

Key = tuple[int, int]  # metric, Unix nanoseconds
Totals = tuple[int, float, float, float]  # count, scaled sum, minimum, maximum


def check_keys_at_once() -> None:
    """For this transaction. Django has PostgreSQL look at foreign keys at the commit; by then the rollups are locked,
    and a writer and the deletion of its device would wait for each other.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def store(values: dict[Key, float], stamped: Collection[Key] = ()) -> dict[Key, float]:
    """Stores what is not there yet, with its rollups; returns just that. The first value of a key wins.

    Readings in `stamped` got their time from the server: where it is taken, they move on by nanoseconds.
    Everything is sorted: writers that lock the same rows in different orders deadlock on PostgreSQL.
    """
    new = _insert(values)
    taken, step_ns = {key: values[key] for key in stamped if key not in new}, 1
    while taken:
        moved = {(metric, at_ns + step_ns): value for (metric, at_ns), value in taken.items()}
        inserted = _insert(moved)
        new |= inserted
        taken, step_ns = {key: moved[key] for key in moved.keys() - inserted.keys()}, step_ns * 2
    minutes = _totals(new)
    _add_up("two_minuterollup", minutes)
    _add_up("two_hourrollup", _merge(minutes, NS_PER_HOUR))
    return new


def _insert(values: dict[Key, float]) -> dict[Key, float]:
    new: dict[Key, float] = {}
    for keys in _chunks(sorted(values)):
        marks = ",".join(["(%s,%s,%s)"] * len(keys))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO two_reading (metric_id, at_ns, value) VALUES {marks} "  # noqa: S608 marks alone
                "ON CONFLICT DO NOTHING RETURNING metric_id, at_ns",
                [part for key in keys for part in (*key, values[key])],
            )
            rows = cursor.fetchall()
        new.update((row, values[row]) for row in rows)
    return new


def _totals(values: dict[Key, float]) -> dict[Key, Totals]:
    """Per metric and minute."""
    totals: dict[Key, Totals] = {}
    for (metric, at_ns), value in values.items():
        key = metric, at_ns - at_ns % NS_PER_MINUTE
        if known := totals.get(key):
            count, total, least, most = known
            totals[key] = count + 1, total + value * SCALE, min(least, value), max(most, value)
        else:
            totals[key] = 1, value * SCALE, value, value
    return totals


def _merge(totals: dict[Key, Totals], period_ns: int) -> dict[Key, Totals]:
    """The same per metric and longer period."""
    merged: dict[Key, Totals] = {}
    for (metric, start_ns), (count, total, least, most) in totals.items():
        key = metric, start_ns - start_ns % period_ns
        before = merged.get(key, (0, 0.0, least, most))
        merged[key] = before[0] + count, before[1] + total, min(before[2], least), max(before[3], most)
    return merged


def _add_up(table: str, totals: dict[Key, Totals]) -> None:
    for keys in _chunks(sorted(totals)):
        marks = ",".join(["(%s,%s,%s,%s,%s,%s)"] * len(keys))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} AS kept (metric_id, start_ns, count, scaled_sum, minimum, maximum) "  # noqa: S608
                f"VALUES {marks} ON CONFLICT (metric_id, start_ns) DO UPDATE SET "
                "count = kept.count + excluded.count, scaled_sum = kept.scaled_sum + excluded.scaled_sum, "
                "minimum = CASE WHEN excluded.minimum < kept.minimum THEN excluded.minimum ELSE kept.minimum END, "
                "maximum = CASE WHEN excluded.maximum > kept.maximum THEN excluded.maximum ELSE kept.maximum END",
                list(chain.from_iterable((*key, *totals[key]) for key in keys)),
            )


def _chunks(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    for first in range(0, len(keys), ROWS_PER_STATEMENT):
        yield keys[first : first + ROWS_PER_STATEMENT]
