"""On whichever database the tests run; tests/test_postgres.py runs them on PostgreSQL too."""

import math
from collections import defaultdict

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from two.models import Device, HourRollup, Metric, MinuteRollup, Reading
from two.nanoseconds import NS_PER_HOUR, NS_PER_MINUTE
from two.storage import SCALE, Key, store

pytestmark = pytest.mark.django_db
START_NS = 1_795_000_000 * 10**9


def new_metrics(count: int = 2) -> list[int]:
    device, _created = Device.objects.get_or_create(slug="boiler", defaults={"name": "Boiler"})
    Metric.objects.filter(device=device).delete()
    return [Metric.objects.create(device=device, name=f"m{number}").pk for number in range(count)]


def stored() -> dict[Key, float]:
    return {(metric, at): value for metric, at, value in Reading.objects.values_list("metric_id", "at_ns", "value")}


def assert_rollups_agree() -> None:
    """What the rollups say is what the raw rows say."""
    for model, period_ns in ((MinuteRollup, NS_PER_MINUTE), (HourRollup, NS_PER_HOUR)):
        expected = defaultdict(list)
        for (metric, at_ns), value in stored().items():
            expected[metric, at_ns // period_ns * period_ns].append(value)
        rows = {(row.metric_id, row.start_ns): row for row in model.objects.all()}
        assert rows.keys() == expected.keys()
        for key, values in expected.items():
            row = rows[key]
            assert (row.count, row.minimum, row.maximum) == (len(values), min(values), max(values))
            largest = max(map(abs, values)) * SCALE
            assert math.isclose(
                row.scaled_sum, math.fsum(value * SCALE for value in values), rel_tol=1e-9, abs_tol=largest * 1e-9
            )


def test_readings_and_rollups_are_stored_together() -> None:
    [a, b] = new_metrics()
    values = {(a, START_NS): 1.0, (a, START_NS + 1): 3.0, (b, START_NS + NS_PER_HOUR): -2.5}
    assert store(values) == values
    assert stored() == values
    assert_rollups_agree()


def test_the_first_value_of_a_nanosecond_wins_and_counts_once() -> None:
    [a] = new_metrics(1)
    assert store({(a, START_NS): 1.0}) == {(a, START_NS): 1.0}
    assert store({(a, START_NS): 2.0, (a, START_NS + 1): 5.0}) == {(a, START_NS + 1): 5.0}
    assert stored() == {(a, START_NS): 1.0, (a, START_NS + 1): 5.0}
    assert_rollups_agree()


def test_a_stamp_that_is_taken_moves_on_until_it_is_free() -> None:
    [a] = new_metrics(1)
    store({(a, START_NS): 1.0, (a, START_NS + 1): 2.0, (a, START_NS + 3): 3.0})
    late = {(a, START_NS): 4.0, (a, START_NS + 1): 5.0}
    assert store({**late, (a, START_NS + 9): 6.0}, stamped=late.keys()) == {
        (a, START_NS + 2): 5.0,
        (a, START_NS + 7): 4.0,
        (a, START_NS + 9): 6.0,
    }
    assert_rollups_agree()


def test_more_than_one_statement_holds() -> None:
    metrics = new_metrics(3)
    values = {(metric, START_NS + number * 10**9): float(number) for metric in metrics for number in range(1_234)}
    assert store(values) == values
    assert stored() == values
    assert_rollups_agree()


def test_readings_near_the_largest_float_do_not_overflow_a_sum() -> None:
    [a] = new_metrics(1)
    store({(a, START_NS + number): 1.7e308 for number in range(10)})
    store({(a, START_NS + 20): -1.7e308, (a, START_NS + 21): 5e-324})
    assert_rollups_agree()


def test_what_is_rolled_back_leaves_nothing() -> None:
    [a] = new_metrics(1)
    store({(a, START_NS): 1.0})
    with transaction.atomic():
        store({(a, START_NS): 2.0, (a, START_NS + 5): 2.0})
        transaction.set_rollback(True)
    assert stored() == {(a, START_NS): 1.0}
    assert_rollups_agree()


finite = st.floats(allow_nan=False, allow_infinity=False)
offsets = st.integers(0, 5) | st.integers(0, 3 * NS_PER_HOUR)
batches = st.lists(
    st.tuples(st.dictionaries(st.tuples(st.integers(0, 1), offsets), finite, max_size=20), st.booleans())
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(batches)
def test_any_order_of_batches_doubles_and_crashes_leaves_rollups_that_agree(
    batches: list[tuple[dict[Key, float], bool]],
) -> None:
    metrics = new_metrics()
    acknowledged: dict[Key, float] = {}
    for batch, crashes in batches:
        values = {(metrics[which], START_NS + offset): value for (which, offset), value in batch.items()}
        with transaction.atomic():
            store(values)
            transaction.set_rollback(crashes)
        if not crashes:
            acknowledged = values | acknowledged
    assert stored() == acknowledged
    assert_rollups_agree()
