"""Devices that do not exist, and what they would measure: a function of seed, device, metric and time.

So every run with the same seed shows the same curves, and a reading that is sent again is the same reading.
"""

import math
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

DAY_SECONDS = 86_400
WARMEST_SECONDS = 15 * 3600  # of a day, UTC
DRIFT_SECONDS = (5 * 3600, 13 * 3600)
ON_SHARE = 0.35  # of a machine's period
SPIKE_EVERY_SECONDS, SPIKE_CHANCE, SPIKE_SECONDS = 900, 0.2, 30
SILENCE_EVERY_SECONDS, SILENCE_CHANCE, SILENCE_SECONDS = 1800, 0.25, (15, 60)


class Signal(NamedTuple):
    """How one metric moves, in its own unit."""

    metric: str
    middle: float
    daily: float = 0.0  # amplitude over the day
    cycle: float = 0.0  # amplitude of what warms and cools with the machine; negative: what it cools
    switched: float = 0.0  # on top while the machine is on
    drift: float = 0.0  # amplitude over hours
    noise: float = 0.0  # largest, either way
    spike: float = 0.0  # height of a rare peak
    least: float = -math.inf
    most: float = math.inf
    digits: int = 1


class Kind(NamedTuple):
    """Devices of one sort."""

    name: str
    period_seconds: float  # of its machine: on for a third of it, then off
    signals: tuple[Signal, ...]


KINDS = (
    Kind(
        "boiler",
        900,
        (
            Signal("temperature", 62, cycle=5, drift=2, noise=0.2),
            Signal("return.temperature", 47, cycle=3, drift=2, noise=0.2),
            Signal("power", 40, switched=11_500, drift=10, noise=20, least=0, digits=0),
        ),
    ),
    Kind(
        "greenhouse",
        1200,
        (
            Signal("temperature", 22, daily=5, drift=1.5, noise=0.1),
            Signal("humidity", 68, daily=-14, drift=5, noise=0.6, spike=12, least=0, most=100),
            Signal("co2", 520, daily=-110, drift=40, noise=6, spike=350, least=380, digits=0),
            Signal("illuminance", 4_000, daily=24_000, drift=3_000, noise=150, least=0, digits=0),
        ),
    ),
    Kind(
        "freezer",
        1500,
        (
            Signal("temperature", -19, cycle=-1.2, drift=0.4, noise=0.1, spike=6),
            Signal("power", 4, switched=105, drift=1, noise=2, least=0),
        ),
    ),
    Kind(
        "pump",
        240,
        (
            Signal("power", 6, switched=740, drift=5, noise=9, spike=420, least=0, digits=0),
            Signal("current", 0.1, switched=3.2, drift=0.04, noise=0.05, spike=1.8, least=0, digits=2),
            Signal("temperature", 41, cycle=4, daily=2, drift=1, noise=0.2),
        ),
    ),
    Kind(
        "weather-station",
        3600,
        (
            Signal("temperature", 9, daily=5, drift=2, noise=0.1),
            Signal("humidity", 74, daily=-15, drift=8, noise=0.5, least=0, most=100),
            Signal("pressure", 1013, drift=9, noise=0.1),
        ),
    ),
    Kind(
        "server-room",
        420,
        (
            Signal("temperature", 23.5, cycle=-0.8, daily=0.6, drift=0.5, noise=0.1, spike=4),
            Signal("humidity", 44, cycle=-1.5, drift=3, noise=0.3, least=0, most=100),
            Signal("power", 8_600, daily=700, drift=350, noise=90, spike=1_500, least=0, digits=0),
        ),
    ),
    Kind("water-meter", 600, (Signal("pressure", 4_200, switched=-350, drift=120, noise=15, least=0, digits=0),)),
    Kind(
        "classroom",
        2700,
        (
            Signal("co2", 850, daily=320, cycle=180, drift=60, noise=8, least=400, digits=0),
            Signal("temperature", 21, daily=1.5, cycle=0.5, drift=0.4, noise=0.1),
        ),
    ),
)


PREFIX = "sim-"


def device_names(count: int) -> list[str]:
    """`sim-boiler`, `sim-greenhouse`, …, then `sim-boiler-2`, …: nobody's real boiler."""
    rounds = [divmod(number, len(KINDS)) for number in range(count)]
    return [PREFIX + KINDS[kind].name + (f"-{lap + 1}" if lap else "") for lap, kind in rounds]


@lru_cache(maxsize=10_000)
def kind_of(device: str) -> Kind:
    """The kind of a name that `device_names` gave."""
    name = device.removeprefix(PREFIX)
    return next(kind for kind in KINDS if name == kind.name or name.startswith(f"{kind.name}-"))


def values_of(device: str, at_ms: int, seed: int = 0) -> dict[str, float]:
    """What the device measures at that Unix time, by metric; nothing while it has dropped out."""
    seconds = at_ms / 1000
    if is_silent(device, seconds, seed):
        return {}
    kind = kind_of(device)
    return {signal.metric: _value(signal, kind, device, seconds, seed) for signal in kind.signals}


def is_silent(device: str, seconds: float, seed: int = 0) -> bool:
    """Whether the device sends nothing at that time, for its battery or its network."""
    window, inside = divmod(seconds, SILENCE_EVERY_SECONDS)
    chance, start, length = _three("silence", device, seed, int(window))
    shortest, longest = SILENCE_SECONDS
    lasts = shortest + length * (longest - shortest)
    begins = start * (SILENCE_EVERY_SECONDS - lasts)
    return chance < SILENCE_CHANCE and begins <= inside < begins + lasts


def _value(signal: Signal, kind: Kind, device: str, seconds: float, seed: int) -> float:
    own = f"{device}/{signal.metric}"
    phase = (seconds / kind.period_seconds + _three("phase", device, seed, 0)[0]) % 1
    is_on = phase < ON_SHARE
    # Up while the machine is on, down again while it is off.
    sawtooth = phase / ON_SHARE if is_on else (1 - phase) / (1 - ON_SHARE)
    value = (
        signal.middle
        + signal.daily * math.cos(math.tau * (seconds - WARMEST_SECONDS) / DAY_SECONDS)
        + signal.cycle * (2 * sawtooth - 1)
        + signal.switched * is_on
        + signal.drift * _drift(own, seconds, seed)
        + signal.noise * (sum(_noise(own, seed, round(seconds * 1000))) / 1.5 - 1)
        + signal.spike * _spike(own, seconds, seed)
    )
    return round(min(max(value, signal.least), signal.most), signal.digits)


def _drift(own: str, seconds: float, seed: int) -> float:
    """-1 to 1, over hours."""
    phases = _three("drift", own, seed, 0)
    waves = [math.sin(math.tau * (seconds / period + phases[n])) for n, period in enumerate(DRIFT_SECONDS)]
    return 0.4 * waves[0] + 0.6 * waves[1]


def _spike(own: str, seconds: float, seed: int) -> float:
    """0, but rarely up to 1 and down again within half a minute."""
    window, inside = divmod(seconds, SPIKE_EVERY_SECONDS)
    chance, start, height = _three("spike", own, seed, int(window))
    if chance >= SPIKE_CHANCE:
        return 0.0
    begins = start * (SPIKE_EVERY_SECONDS - SPIKE_SECONDS)
    return max(0.0, 1 - abs(2 * (inside - begins) / SPIKE_SECONDS - 1)) * (0.5 + height / 2)


def _noise(own: str, seed: int, moment: int) -> tuple[float, float, float]:
    """Three numbers from 0 to 1 that follow from the arguments and look like chance."""
    digest = blake2b(f"{own}/{seed}/{moment}".encode(), digest_size=12).digest()
    first, second, third = (int.from_bytes(digest[n : n + 4]) / 2**32 for n in (0, 4, 8))
    return first, second, third


@lru_cache(maxsize=50_000)
def _three(what: str, own: str, seed: int, window: int) -> tuple[float, float, float]:
    """The same, kept: it is asked again and again."""
    return _noise(f"{what}/{own}", seed, window)
