"""What senders were told is stored, held against what is."""

import math
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

import psycopg

from two.nanoseconds import NS_PER_HOUR, NS_PER_MINUTE

Key = tuple[str, str, int]  # device, metric, nanosecond
METRICS = "SELECT m.id, d.slug, m.name FROM two_metric m JOIN two_device d ON d.id = m.device_id"


class Ledger:
    """The database of a server, read from outside: `where` is a data folder or a PostgreSQL URL."""

    def __init__(self, where: Path | str) -> None:
        self._where = where

    def rows(self, query: str) -> list[Any]:
        if isinstance(self._where, str):
            with psycopg.connect(self._where) as postgres:
                return postgres.execute(query).fetchall()
        sqlite = sqlite3.connect(self._where / "db.sqlite3")
        try:
            return sqlite.execute(query).fetchall()
        finally:
            sqlite.close()

    def readings(self) -> dict[Key, float]:
        names = {row[0]: row[1:] for row in self.rows(METRICS)}
        rows = self.rows("SELECT metric_id, at_ns, value FROM two_reading")
        found = {(*names[metric], at_ns): value for metric, at_ns, value in rows}
        assert len(found) == len(rows)
        return found

    def assert_rollups_agree(self) -> None:
        raw = self.rows("SELECT metric_id, at_ns, value FROM two_reading")
        for table, period_ns in (("two_minuterollup", NS_PER_MINUTE), ("two_hourrollup", NS_PER_HOUR)):
            expected: dict[tuple[int, int], list[float]] = defaultdict(list)
            for metric, at_ns, value in raw:
                expected[metric, at_ns // period_ns * period_ns].append(value)
            query = f"SELECT metric_id, start_ns, count, scaled_sum, minimum, maximum FROM {table}"
            kept = {(row[0], row[1]): row[2:] for row in self.rows(query)}
            assert kept.keys() == expected.keys()
            for key, values in expected.items():
                count, scaled_sum, least, most = kept[key]
                assert (count, least, most) == (len(values), min(values), max(values))
                assert math.isclose(scaled_sum * 2.0**64, math.fsum(values), rel_tol=1e-9, abs_tol=1e-6)
