"""Every raw reading of a range as CSV, streamed in slices so that no size of it matters."""

import csv
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from io import StringIO

from django.db import connection

from examplechannels.questions import ask
from two.history import Range, selected_metrics
from two.samples import NS_PER_MS

COLUMNS = ["device", "metric", "unit", "at", "datetime", "value"]
SLICE_ROWS = 5_000
NS_PER_SECOND = 10**9


def exact_time(at_ns: int) -> str:
    """ISO 8601 in UTC, to the nanosecond where there are any."""
    seconds, nanoseconds = divmod(at_ns, NS_PER_SECOND)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
    return f"{text}{fraction}Z"


async def csv_lines(asked: Range) -> AsyncIterator[str]:
    """The header, then one series after the other, oldest reading first."""
    yield ",".join(COLUMNS) + "\r\n"
    for metric, *names in await ask(lambda: list(selected_metrics(asked))):
        from_ns, until_ns = asked.since_ms * NS_PER_MS, asked.until_ms * NS_PER_MS
        while rows := await ask(partial(_slice, metric, from_ns, until_ns)):
            yield _lines(names, rows)
            from_ns = rows[-1][0] + 1


def _slice(metric: int, since_ns: int, until_ns: int) -> list[tuple[int, float]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns >= %s AND at_ns < %s "
            "ORDER BY at_ns LIMIT %s",
            (metric, since_ns, until_ns, SLICE_ROWS),
        )
        return list(cursor.fetchall())


def _lines(names: list[str], rows: list[tuple[int, float]]) -> str:
    text = StringIO()
    csv.writer(text).writerows([*names, at_ns // NS_PER_MS, exact_time(at_ns), value] for at_ns, value in rows)
    return text.getvalue()
