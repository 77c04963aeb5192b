"""What the soak (tests/soak) says of gauges that rise, jump or do not fall back."""

import pytest

from tests.soak.verdict import judge

FLAT = [30.0] * 200


@pytest.mark.parametrize(
    ("values", "after", "says"),
    [
        (FLAT, 10, ""),
        ([30, 90] * 100, 10, ""),
        ([30 + n * 0.15 for n in range(200)], 10, "rose by"),
        ([*FLAT[:-15], *[60.0] * 15], 10, "higher at the end than in the middle"),
        (FLAT, 70, "when everybody has left"),
    ],
    ids=["flat", "restless", "a slope", "a late jump", "left over"],
)
@pytest.mark.parametrize("name", ["workers: open files", "workers: threads", "workers: asyncio tasks"])
def test_it_finds(name: str, values: list[float], after: float, says: str) -> None:
    [line] = judge({name: 10.0}, {name: values}, {name: after}, 0, is_long=True)
    assert says in line.complaint
    assert bool(says) == bool(line.complaint)
