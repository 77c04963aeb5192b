"""What a database holds before a scenario: `python -m bench.seed '{"devices": 32}'`.

Runs in a process of its own, which has Django; the settings come from its environment. Prints one line of JSON.
"""

import gc
import json
import os
import sys
import time
from dataclasses import asdict, dataclass

from two.nanoseconds import NS_PER_DAY

from .seed_accounts import log_in
from .seed_alarms import make_rules, make_thresholds
from .seed_chat import fill_pins, fill_room
from .seed_postgres import fill_by_sql

GROUP_READINGS = 20_000
"""In one transaction, as many as the recorder takes at most."""
PIN_HOURS = 0.9


@dataclass(frozen=True)
class Plan:
    """What to put into an empty database.

    `devices` get a token each, beside one for the whole site. `metrics` are those of each device, by name.
    `readings` of each metric are spread evenly over `days` until now, and stored in the order of their time.
    `messages` are those of one chat room, `pins` those on the first metric of the last hour, see seed_chat.py.
    `rules` of alarms are spread over the metrics and never broken; each metric has one more that is broken above
    `threshold`, see seed_alarms.py. `accounts` are logged in, each with a session of its own.
    """

    devices: int = 1
    metrics: tuple[str, ...] = ()
    readings: int = 0
    days: float = 30.0
    messages: int = 0
    pins: int = 0
    rules: int = 0
    threshold: float | None = None
    accounts: int = 0

    def spread(self) -> tuple[int, int]:
        """When (ns) the first readings were if the last were now, and how many ns are between two of a metric."""
        step_ns = int(self.days * NS_PER_DAY) // self.readings
        return time.time_ns() - self.readings * step_ns, step_ns


@dataclass(frozen=True)
class Seeded:
    """What came of it; `metric_ids` device by device, `seconds` the storing of readings and messages."""

    site_token: str
    device_tokens: list[str]
    metric_ids: list[int]
    session_keys: list[str]
    seconds: float


def device_name(number: int) -> str:
    return f"device-{number}"


def seed(plan: Plan) -> Seeded:
    from django.core.management import call_command
    from django.db import connection

    from two.models import AccessToken, Device, Metric
    from two.units import unit_of

    call_command("migrate", verbosity=0)
    devices = [Device.objects.create(slug=device_name(n), name=device_name(n)) for n in range(plan.devices)]
    metrics = Metric.objects.bulk_create(
        [Metric(device=device, name=name, unit=unit_of(name)) for device in devices for name in plan.metrics]
    )
    ids = [metric.pk for metric in metrics]
    began = time.perf_counter()
    if plan.readings:
        (fill_by_sql if connection.vendor == "postgresql" else fill)(ids, plan)
    if plan.messages:
        fill_room(plan.messages)
    seconds = time.perf_counter() - began
    if plan.pins:
        fill_pins(plan.pins, device_name(0), plan.metrics[0], PIN_HOURS)
    if plan.rules:
        make_rules(ids, plan.rules)
    if plan.threshold is not None:
        make_thresholds(ids, plan.threshold)
    return Seeded(
        AccessToken.issue(AccessToken.Scope.SITE, label="bench"),
        [AccessToken.issue(AccessToken.Scope.DEVICE, device) for device in devices],
        ids,
        log_in(plan.accounts),
        seconds,
    )


def fill(metrics: list[int], plan: Plan) -> None:
    """Stores the readings as the recorder would: every metric at one time, then the next time, rollups included."""
    from django.db import connection, transaction

    from two.storage import store

    gc.freeze()
    gc.disable()  # nothing here is in a cycle
    with connection.cursor() as cursor:
        # A file that is thrown away after a crash. The layout of its pages is the same.
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA cache_size=-262144")
    first_ns, step_ns = plan.spread()
    times = max(1, GROUP_READINGS // len(metrics))
    for first in range(0, plan.readings, times):
        group = range(first, min(first + times, plan.readings))
        values = {(m, first_ns + k * step_ns): m % 50 + k * 7 % 100 / 10 for k in group for m in metrics}
        with transaction.atomic():
            store(values)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examplechannels.settings")
    django.setup()
    print(json.dumps(asdict(seed(Plan(**json.loads(sys.argv[1]))))))


if __name__ == "__main__":
    main()
