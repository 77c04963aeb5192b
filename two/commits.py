"""What comes in together is committed together: the half of the recorder that runs in its thread.

The transaction stores the readings, and judges by the rules of alarms what was new.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from django.db import OperationalError, connection, transaction

from examplechannels.metrics import telemetry_commit_seconds
from examplechannels.outages import AWAY
from two.alarms.evaluation import evaluate
from two.catalogue import Catalogue, KnownMetric
from two.live import Recorded
from two.models import Alarm
from two.samples import BadReading, Sample
from two.storage import Key, check_keys_at_once, store

logger = logging.getLogger(__name__)

TRY_AGAIN = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock


class Request(NamedTuple):
    samples: Sequence[Sample]
    received_ns: int  # of the samples without a time, which follow by a nanosecond each
    may_create_devices: bool


class Committed(NamedTuple):
    errors: list[Exception | None]  # of each request; None: it is stored
    new: list[Recorded]
    alarms: list[Alarm]  # that were raised or cleared
    doubtful: set[str]  # devices of which something may be stored that is not in `new`


class _Unknown(OperationalError):
    """The database did not say whether it committed, which may have stored readings of `devices`."""

    def __init__(self, error: Exception, devices: set[str]) -> None:
        super().__init__(str(error))
        self.devices = devices


class Commits:
    """`commit` belongs to one thread; `forget` may be called from any while no commit is under way."""

    def __init__(self) -> None:
        self._catalogue = Catalogue()

    def forget(self) -> None:
        self._catalogue.forget()

    def commit(self, group: Sequence[Request]) -> Committed:
        """Commits the group. Where it is certain that nothing of it was, and that may be mended, each request alone."""
        before = connection.connection
        try:
            return self._transact(group)
        except AWAY as error:
            was_lost = before is not None and connection.connection is not before
            if isinstance(error, _Unknown) or not (was_lost or _sqlstate(error) in TRY_AGAIN):
                return _add_failure(Committed([], [], [], set()), group, error)
        except Exception as error:  # such as a device that was deleted meanwhile
            logger.warning("A commit of %d requests failed, each is tried alone: %s", len(group), error)
        connection.close()
        committed = Committed([], [], [], set())
        for number, request in enumerate(group):
            try:
                alone = self._transact([request])
            except AWAY as error:
                return _add_failure(committed, group[number:], error)
            except Exception as error:
                _add_failure(committed, [request], error)
                continue
            committed.errors.extend(alone.errors)
            committed.new.extend(alone.new)
            committed.alarms.extend(alone.alarms)
        return committed

    def _transact(self, group: Sequence[Request]) -> Committed:
        errors: list[Exception | None] = []
        values: dict[Key, float] = {}
        stamped: set[Key] = set()
        metrics: dict[int, KnownMetric] = {}
        new: dict[Key, float] = {}
        is_at_commit = False
        self._catalogue.refresh()
        try:
            with telemetry_commit_seconds.time(), transaction.atomic(durable=True):
                check_keys_at_once()
                for request in group:
                    try:
                        found = self._catalogue.find(request.samples, request.may_create_devices)
                    except BadReading as error:
                        errors.append(error)
                        continue
                    errors.append(None)
                    _collect(request, found, values, stamped)
                    metrics.update((metric.id, metric) for metric in found)
                new = store(values, stamped)
                alarms = evaluate(new)
                is_at_commit = True
        except BaseException as error:
            self._catalogue.forget()  # it may know what was rolled back
            if is_at_commit and isinstance(error, AWAY) and _sqlstate(error) not in TRY_AGAIN:
                raise _Unknown(error, {metrics[metric].device for metric, _ in new}) from error
            raise
        recorded = [Recorded(metrics[metric], at_ns, value) for (metric, at_ns), value in new.items()]
        return Committed(errors, recorded, alarms, set())


def _collect(request: Request, found: list[KnownMetric], values: dict[Key, float], stamped: set[Key]) -> None:
    """Adds a request's samples to `values`; those without a time share one, or follow by a nanosecond each."""
    times: Counter[int] = Counter()
    for sample, metric in zip(request.samples, found, strict=True):
        if sample.at_ns is not None:
            values.setdefault((metric.id, sample.at_ns), sample.value)
            continue
        key = metric.id, request.received_ns + times[metric.id]
        while key in values:
            key = key[0], key[1] + 1
        times[metric.id] = key[1] + 1 - request.received_ns
        values[key] = sample.value
        stamped.add(key)


def _add_failure(committed: Committed, group: Sequence[Request], error: Exception) -> Committed:
    connection.close()
    committed.errors.extend(error for _ in group)
    if isinstance(error, _Unknown):
        committed.doubtful.update(error.devices)
    return committed


def _sqlstate(error: Exception) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""
