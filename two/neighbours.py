"""Shows what other processes on this machine record while there is no Redis that would tell.

`manage.py mqtt` beside `make run` is such a process. Once per slot, while somebody watches, the database is asked
for readings newer than the newest that was shown, and for alarms that were raised or ended meanwhile.
"""

import asyncio
import time
from functools import partial

from django.conf import settings
from django.db.models import OuterRef, Subquery

from examplechannels.background import background
from examplechannels.broadcast import broadcast
from examplechannels.questions import ask
from examplechannels.ticker import TICK_SECONDS
from two.alarms.wire import AlarmFrame, alarms_by_id, event_of, open_alarms
from two.catalogue import KnownMetric
from two.live import EVENTS, TELEMETRY, Recorded, live
from two.models import Metric, Reading

MAX_READINGS = 1_000  # per metric and look; the rest comes when a page fetches its window


def newest() -> dict[KnownMetric, int]:
    """The time of the last reading of each metric that has one."""
    last = Reading.objects.filter(metric=OuterRef("pk")).order_by("-at_ns").values("at_ns")[:1]
    rows = Metric.objects.annotate(at_ns=Subquery(last)).values_list("id", "device__slug", "name", "unit", "at_ns")
    return {KnownMetric(*row[:4]): row[4] for row in rows if row[4] is not None}


def between(metric: KnownMetric, after_ns: int, until_ns: int) -> list[Recorded]:
    """What was recorded after `after_ns` and until `until_ns`, the latest where that is too much."""
    rows = Reading.objects.filter(metric=metric.id, at_ns__gt=after_ns, at_ns__lte=until_ns)
    latest = rows.order_by("-at_ns").values_list("at_ns", "value")[:MAX_READINGS]
    return [Recorded(metric, at_ns, value) for at_ns, value in reversed(latest)]


class Neighbours:
    """What was shown so far. A reading older than the newest shown waits until a page fetches its window."""

    def __init__(self) -> None:
        self._shown: dict[int, int] | None = None  # newest time by metric; None while nobody watches
        self._unwatched_ns = time.time_ns()  # when that was last so
        self._open: dict[int, AlarmFrame] | None = None  # alarms, as of the last look; None while nobody watches

    async def look(self) -> None:
        await self._look_for_alarms(broadcast.is_watched_here(EVENTS))
        if not broadcast.is_watched_here(TELEMETRY):
            self._shown, self._unwatched_ns = None, time.time_ns()
            return
        found = await ask(newest)
        for metric, at_ns in found.items():
            # What came after the first viewer and before this first look is new as well.
            shown_ns = self._unwatched_ns if self._shown is None else self._shown.get(metric.id, 0)
            shown_ns = max(shown_ns, live.newest_ns.get(metric.id, 0))
            if at_ns > shown_ns:
                live.publish(await ask(partial(between, metric, shown_ns, at_ns)))
        self._shown = {metric.id: at_ns for metric, at_ns in found.items()}

    async def _look_for_alarms(self, is_watched: bool) -> None:
        """This process's own are told again, which changes nothing."""
        if not is_watched:
            self._open = None
            return
        found = {alarm["id"]: alarm for alarm in await ask(open_alarms)}
        before = self._open if self._open is not None else found
        ended = await ask(partial(alarms_by_id, before.keys() - found.keys()))
        for alarm in [*ended, *(alarm for number, alarm in found.items() if before.get(number) != alarm)]:
            broadcast.publish(EVENTS, event_of(alarm))
        self._open = found


@background.register
async def show_neighbours() -> None:
    if settings.REDIS_URL:
        await asyncio.Event().wait()
    neighbours = Neighbours()
    while True:
        await asyncio.sleep(TICK_SECONDS - time.time() % TICK_SECONDS)
        await neighbours.look()
