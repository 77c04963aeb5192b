"""Deletes what is older than it is kept, in transactions so small that writers hardly wait."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from examplechannels.background import background, each_day
from two.models import Alarm, Delivery, Metric
from two.nanoseconds import NS_PER_DAY, NS_PER_SECOND

BATCH_ROWS = 2_000
FIRST_SECONDS = 300.0
DELIVERY_DAYS = 30


def prune(now_ns: int | None = None) -> Iterator[int]:
    """Deletes a batch a step and yields how many rows that was. Blocks."""
    now = time.time_ns() if now_ns is None else now_ns
    for table, column, days in (
        ("two_reading", "at_ns", settings.RAW_DAYS),
        ("two_minuterollup", "start_ns", settings.MINUTE_DAYS),
    ):
        for metric in list(Metric.objects.values_list("id", flat=True)):
            while deleted := _delete(table, column, metric, now - days * NS_PER_DAY):
                yield deleted
    yield from _forget_alarms(now)


def _forget_alarms(now_ns: int) -> Iterator[int]:
    """What is over: alarms are kept like minutes, what was sent to webhooks for a month."""
    sent_before = datetime.fromtimestamp(now_ns / NS_PER_SECOND, UTC) - timedelta(days=DELIVERY_DAYS)
    alarms = Alarm.objects.filter(cleared_ns__lt=now_ns - settings.MINUTE_DAYS * NS_PER_DAY)
    deliveries = Delivery.objects.filter(next_on=None, created__lt=sent_before)
    for model, ended in ((Alarm, alarms), (Delivery, deliveries)):
        while keys := list[Any](ended.order_by("pk").values_list("pk", flat=True)[:BATCH_ROWS]):
            model._default_manager.filter(pk__in=keys).delete()
            yield len(keys)


def _delete(table: str, column: str, metric: int, before_ns: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE metric_id = %s AND {column} IN "  # noqa: S608 ours
            f"(SELECT {column} FROM {table} WHERE metric_id = %s AND {column} < %s ORDER BY {column} LIMIT %s)",
            (metric, metric, before_ns, BATCH_ROWS),
        )
        return int(cursor.rowcount)


@background.register
async def prune_daily() -> None:
    await each_day(prune, FIRST_SECONDS)
