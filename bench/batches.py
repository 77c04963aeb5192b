"""Batches of 1,000 readings: 100 metrics at ten times, a second apart, the same as lines and as values to store."""

import time

from two.nanoseconds import NS_PER_SECOND

DEVICES = 10
MEASUREMENT = "env"
FIELDS = tuple(f"m{number}" for number in range(10))
METRICS = tuple(f"{MEASUREMENT}.{field}" for field in FIELDS)
TIMES = 10
READINGS = DEVICES * len(FIELDS) * TIMES
BEGIN_NS = (int(time.time()) - 86_400) // 3600 * 3600 * NS_PER_SECOND
"""A day ago at a full hour, so that a minute ends at the same batches in every process."""


def times_of(number: int) -> range:
    """Unix nanoseconds of batch `number`; the next begins where this ends."""
    first = BEGIN_NS + number * TIMES * NS_PER_SECOND
    return range(first, first + TIMES * NS_PER_SECOND, NS_PER_SECOND)


def lines_of(number: int) -> bytes:
    """One reading a line, the most that line protocol has to parse for it."""
    lines = [
        f"{MEASUREMENT},device=device-{device} {field}={20 + (device + at_ns // NS_PER_SECOND) % 50}.5 {at_ns}"
        for at_ns in times_of(number)
        for device in range(DEVICES)
        for field in FIELDS
    ]
    return "\n".join(lines).encode()


def values_of(metrics: list[int], number: int) -> dict[tuple[int, int], float]:
    """The same by metric and time."""
    return {
        (metric, at_ns): 20 + (index // len(FIELDS) + at_ns // NS_PER_SECOND) % 50 + 0.5
        for at_ns in times_of(number)
        for index, metric in enumerate(metrics)
    }
