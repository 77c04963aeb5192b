"""Every raw reading of a range as CSV, streamed in slices so that no size of it matters."""

import csv
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from io import StringIO

from django.db import connection

from examplechannels.questions import ask
from two.feeds import RANDOM, RANDOM_METRIC
from two.history import MAX_POINTS, Range, random_series, selected_metrics
from two.nanoseconds import NS_PER_MS, NS_PER_SECOND

COLUMNS = ["device", "metric", "unit", "at", "datetime", "value"]
SLICE_ROWS = 1_000


def exact_time(at_ns: int) -> str:
    """ISO 8601 in UTC, to the nanosecond where there are any."""
    seconds, nanoseconds = divmod(at_ns, NS_PER_SECOND)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
    return f"{text}{fraction}Z"


async def csv_lines(asked: Range) -> AsyncIterator[str]:
    """The header, then one series after the other, oldest reading first.

    What is read is written in the database's thread: the event loop only passes it on.
    """
    yield ",".join(COLUMNS) + "\r\n"
    for metric, *names in await ask(lambda: list(selected_metrics(asked))):
        from_ns, until_ns = asked.since_ms * NS_PER_MS, asked.until_ms * NS_PER_MS
        while True:
            lines, last_ns = await ask(partial(_slice, metric, names, from_ns, until_ns))
            if not lines:
                break
            yield lines
            from_ns = last_ns + 1
    if asked.includes(RANDOM, RANDOM_METRIC):
        points = random_series(asked._replace(points=MAX_POINTS), time.time_ns() // NS_PER_MS)["points"]
        yield _lines([RANDOM, RANDOM_METRIC, ""], ((int(at) * NS_PER_MS, value) for at, value in points))


def _slice(metric: int, names: Sequence[str], since_ns: int, until_ns: int) -> tuple[str, int]:
    """Lines, and the time of the last of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at_ns, value FROM two_reading WHERE metric_id = %s AND at_ns >= %s AND at_ns < %s "
            "ORDER BY at_ns LIMIT %s",
            (metric, since_ns, until_ns, SLICE_ROWS),
        )
        rows = cursor.fetchall()
    return _lines(names, rows), rows[-1][0] if rows else 0


def _lines(names: Sequence[str], rows: Iterable[tuple[int, float]]) -> str:
    text = StringIO()
    csv.writer(text).writerows([*names, at_ns // NS_PER_MS, exact_time(at_ns), value] for at_ns, value in rows)
    return text.getvalue()
