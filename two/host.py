"""The host feed: what this machine itself does, so that the first dashboard is already real."""

import asyncio
import time

import psutil
from django.conf import settings

from examplechannels.background import background
from examplechannels.broadcast import broadcast
from examplechannels.questions import ask
from examplechannels.ticker import TICK_SECONDS, slot_at, slot_start_ms
from two.feeds import HOST
from two.live import TELEMETRY
from two.models import Device, Metric
from two.nanoseconds import NS_PER_MS
from two.recorder import NotStored, recorder
from two.samples import BadReading, Sample

UNWATCHED_SLOTS = 5  # while nobody watches, every fifth slot is enough
UNITS = {"cpu": "%", "memory": "%", "network.in": "kB/s", "network.out": "kB/s"}


class Host:
    """Measures between one call and the next."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._network = psutil.net_io_counters()
        psutil.cpu_percent()

    def samples(self, at_ns: int) -> list[Sample]:
        """Everything that is known of the time since the last call."""
        now, network = time.monotonic(), psutil.net_io_counters()
        seconds = max(now - self._at, 1e-3)
        values = {"cpu": psutil.cpu_percent(), "memory": psutil.virtual_memory().percent}
        if network and self._network:  # none where there is no network card
            values["network.in"] = max(network.bytes_recv - self._network.bytes_recv, 0) / seconds / 1000
            values["network.out"] = max(network.bytes_sent - self._network.bytes_sent, 0) / seconds / 1000
        self._at, self._network = now, network
        return [Sample(HOST, name, at_ns, round(value, 2)) for name, value in values.items()]


@background.register
async def host_feed() -> None:
    """Records each slot while somebody watches, else every fifth.

    The time is the slot's: of several processes on this machine one insert wins, and only its process publishes.
    """
    if not settings.HOST_FEED:
        await asyncio.Event().wait()
    await ask(_introduce)
    host = Host()
    while True:
        slot = slot_at(time.time()) + 1
        await asyncio.sleep(slot * TICK_SECONDS - time.time())
        if broadcast.is_watched_here(TELEMETRY) or slot % UNWATCHED_SLOTS == 0:
            try:
                await recorder.record(host.samples(slot_start_ms(slot) * NS_PER_MS), may_create_devices=False)
            except NotStored:
                pass  # the recorder has said so; the next slot comes
            except BadReading:  # the device was deleted: it comes back with its units and its interval
                await ask(_introduce)


def _introduce() -> None:
    device, _created = Device.objects.get_or_create(
        slug=HOST, defaults={"name": HOST, "interval_seconds": TICK_SECONDS * UNWATCHED_SLOTS}
    )
    for name, unit in UNITS.items():
        Metric.objects.get_or_create(device=device, name=name, defaults={"unit": unit})
