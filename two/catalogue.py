"""Which number in the database a device's metric has; makes the devices and metrics that are new."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from examplechannels.broadcast import encode
from two.models import Device, Metric
from two.samples import BadReading, Sample, slug_of
from two.units import unit_of

MAX_DEVICES = 10_000
MAX_METRICS = 1_000  # of one device
KEEP_SECONDS = 10.0  # how long a change in the admin may stay unnoticed
MAX_KEPT = 100_000


@dataclass(frozen=True)
class KnownMetric:
    """A metric as live frames need it."""

    id: int
    device: str  # slug
    name: str
    unit: str

    @cached_property
    def wire_end(self) -> str:
        """What follows the value in a reading's JSON, up to the time; encoded once."""
        return "," + encode({"device": self.device, "metric": self.name, "unit": self.unit})[1:-1] + ',"at":'


class Catalogue:
    """What is known of the database's metrics, for one thread. Forgets all of it now and then."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], KnownMetric] = {}  # by device as it was named, and metric
        self._forget_at = 0.0

    def forget(self) -> None:
        self._known.clear()

    def refresh(self) -> None:
        """To be called before each transaction."""
        now = time.monotonic()
        if now >= self._forget_at or len(self._known) > MAX_KEPT:
            self.forget()
            self._forget_at = now + KEEP_SECONDS

    def find(self, samples: Sequence[Sample], may_create_devices: bool) -> list[KnownMetric]:
        """The metric of each sample; creates what is missing. In a transaction; when that fails, `forget`.

        Raises:
            BadReading: a device is not there, or there would be too many devices or metrics; none was created.
        """
        known = self._known
        try:
            return [known[sample.device, sample.metric] for sample in samples]
        except KeyError:
            missing = {(sample.device, sample.metric) for sample in samples} - known.keys()
            self._learn(missing, may_create_devices)
        return [known[sample.device, sample.metric] for sample in samples]

    def _learn(self, missing: set[tuple[str, str]], may_create_devices: bool) -> None:
        names = {slug_of(name): name for name, _metric in sorted(missing)}
        wanted: dict[str, set[str]] = {}
        for name, metric in missing:
            wanted.setdefault(slug_of(name), set()).add(metric)
        found = _metrics_of(wanted)
        absent = {slug: metrics - found.get(slug, {}).keys() for slug, metrics in wanted.items()}
        if any(absent.values()):
            new_metrics = {slug: metrics for slug, metrics in absent.items() if metrics}
            _create(new_metrics, found, names, may_create_devices)
            found = _metrics_of(wanted)
        for name, metric in missing:
            self._known[name, metric] = found[slug_of(name)][metric]


def _metrics_of(slugs: Iterable[str]) -> dict[str, dict[str, KnownMetric]]:
    rows = Metric.objects.filter(device__slug__in=list(slugs)).values_list("id", "device__slug", "name", "unit")
    found: dict[str, dict[str, KnownMetric]] = {}
    for row in rows:
        metric = KnownMetric(*row)
        found.setdefault(metric.device, {})[metric.name] = metric
    return found


def _create(
    absent: dict[str, set[str]],
    found: dict[str, dict[str, KnownMetric]],
    names: dict[str, str],
    may_create_devices: bool,
) -> None:
    """Creates the `absent` metrics of each slug beside those `found`, and with their `names` devices, if it may."""
    for slug, metrics in absent.items():
        if len(found.get(slug, {})) + len(metrics) > MAX_METRICS:
            raise BadReading("too-many-metrics", _("“%(slug)s” would have more than 1,000 metrics.") % {"slug": slug})
    devices = dict(Device.objects.filter(slug__in=absent).values_list("slug", "id"))
    # Sorted, so that two writers that create the same wait for each other in one order.
    if new := sorted(absent.keys() - devices.keys()):
        if not may_create_devices:
            raise BadReading("no-such-device", _("“%(slug)s” was deleted.") % {"slug": new[0]}, status=401)
        if Device.objects.count() + len(new) > MAX_DEVICES:
            raise BadReading("too-many-devices", _("There would be more than 10,000 devices."))
        Device.objects.bulk_create([Device(slug=slug, name=names[slug]) for slug in new], ignore_conflicts=True)
        devices = dict(Device.objects.filter(slug__in=absent).values_list("slug", "id"))
    Metric.objects.bulk_create(
        [
            Metric(device_id=devices[slug], name=name, unit=unit_of(name))
            for slug in sorted(absent)
            for name in sorted(absent[slug])
        ],
        ignore_conflicts=True,
    )
