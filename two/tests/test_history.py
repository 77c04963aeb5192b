from two.feeds import random_at
from two.history import Range, random_series

NOW_MS = 10_000_000


def test_since_is_included_until_is_not_and_nothing_is_of_the_future() -> None:
    points = random_series(Range(9_990_000, 9_996_000, 500), NOW_MS)["points"]
    assert points == [[9_990_000, random_at(4995)], [9_992_000, random_at(4996)], [9_994_000, random_at(4997)]]
    assert random_series(Range(9_998_000, 20_000_000, 500), NOW_MS)["points"][-1] == [10_000_000, random_at(5000)]


def test_an_empty_or_reversed_range_is_empty() -> None:
    assert random_series(Range(9_990_000, 9_990_000, 500), NOW_MS)["points"] == []
    assert random_series(Range(9_995_000, 9_990_000, 500), NOW_MS)["points"] == []
