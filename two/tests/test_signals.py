import pytest

from two.samples import metric_name, slug_of
from two.simulator.signals import KINDS, PREFIX, device_names, is_silent, values_of
from two.units import unit_of

START_MS = 1_795_000_000_000
DAY_MS = 86_400_000
DEVICES = device_names(len(KINDS))


def day_of(device: str, seed: int = 0, step_ms: int = 20_000) -> dict[str, list[float]]:
    """A day of values by metric."""
    found: dict[str, list[float]] = {}
    for at_ms in range(START_MS, START_MS + DAY_MS, step_ms):
        for metric, value in values_of(device, at_ms, seed).items():
            found.setdefault(metric, []).append(value)
    return found


def test_names_are_slugs_and_differ() -> None:
    names = device_names(1000)
    assert len(set(names)) == 1000
    assert all(slug_of(name) == name for name in names)
    assert names[:2] == ["sim-boiler", "sim-greenhouse"]
    assert names[len(KINDS)] == "sim-boiler-2"


@pytest.mark.parametrize("device", DEVICES)
def test_a_value_follows_from_seed_device_metric_and_time(device: str) -> None:
    moments = [START_MS + number * 1000 for number in range(100)]
    series = [values_of(device, at_ms, seed=1) for at_ms in moments]
    assert series == [values_of(device, at_ms, seed=1) for at_ms in moments]
    assert series != [values_of(device, at_ms, seed=2) for at_ms in moments]
    assert series != [values_of(f"{device}-2", at_ms, seed=1) for at_ms in moments]


@pytest.mark.parametrize("device", DEVICES)
def test_a_day_stays_within_what_is_believable_and_moves(device: str) -> None:
    signals = {signal.metric: signal for kind in KINDS if PREFIX + kind.name == device for signal in kind.signals}
    day = day_of(device)
    assert day.keys() == signals.keys()
    assert 1 <= len(signals) <= 4
    for metric, values in day.items():
        signal = signals[metric]
        metric_name(metric, metric)
        assert unit_of(metric), metric
        swing = sum(
            abs(part)
            for part in (signal.daily, signal.cycle, signal.switched, signal.drift, signal.noise, signal.spike)
        )
        assert max(signal.least, signal.middle - swing) <= min(values) + 0.5
        assert max(values) - 0.5 <= min(signal.most, signal.middle + swing)
        assert len(set(values)) > 20


def test_the_afternoon_is_warmer_than_the_night() -> None:
    day = DAY_MS * 20_000
    night, afternoon = (values_of("greenhouse", day + hour * 3_600_000)["temperature"] for hour in (3, 15))
    assert afternoon > night + 4


def test_a_spike_is_rare_and_goes_again() -> None:
    temperatures = day_of("freezer", step_ms=5_000)["temperature"]
    high = [value for value in temperatures if value > -16]
    assert 0 < len(high) < len(temperatures) / 20


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_drops_out_now_and_then_and_comes_back(device: str) -> None:
    moments = range(START_MS, START_MS + DAY_MS, 5_000)
    silent = [at_ms for at_ms in moments if is_silent(device, at_ms / 1000)]
    assert 0 < len(silent) < len(moments) * 0.03
    assert all(values_of(device, at_ms) == {} for at_ms in silent)
