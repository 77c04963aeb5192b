import time

import pytest
from django.core.management import call_command

from two.models import Device, HourRollup, Metric, MinuteRollup, Reading
from two.nanoseconds import NS_PER_DAY
from two.retention import BATCH_ROWS, prune
from two.storage import store

pytestmark = pytest.mark.django_db
NOW_NS = time.time_ns()


def test_each_tier_is_kept_as_long_as_it_is_to_be_and_hours_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    device = Device.objects.create(slug="boiler", name="Boiler")
    metric = Metric.objects.create(device=device, name="t").pk
    store({(metric, NOW_NS - days * NS_PER_DAY): float(days) for days in (1, 29, 31, 364, 366)})
    call_command("prune")
    assert sorted(Reading.objects.values_list("value", flat=True)) == [1.0, 29.0]
    assert sorted(MinuteRollup.objects.values_list("maximum", flat=True)) == [1.0, 29.0, 31.0, 364.0]
    assert HourRollup.objects.count() == 5
    assert capsys.readouterr().out == "4 rows deleted.\n"


def test_it_goes_in_small_steps() -> None:
    device = Device.objects.create(slug="boiler", name="Boiler")
    metric = Metric.objects.create(device=device, name="t").pk
    store({(metric, NOW_NS - 31 * NS_PER_DAY - number): 1.0 for number in range(BATCH_ROWS + 5)})
    store({(metric, NOW_NS): 1.0})
    assert list(prune()) == [BATCH_ROWS, 5]
    assert Reading.objects.count() == 1
