import pytest
from django.test import Client

from two.feeds import random_at
from two.history import TooManyPoints, random_series

NOW_MS = 1_000_000


def test_since_is_included_until_is_not_and_nothing_is_of_the_future() -> None:
    points = random_series(990_000, 996_000, 500, NOW_MS)["points"]
    assert points == [[990_000, random_at(495)], [992_000, random_at(496)], [994_000, random_at(497)]]
    assert random_series(998_000, 2_000_000, 500, NOW_MS)["points"][-1] == [1_000_000, random_at(500)]


def test_an_empty_or_reversed_range_is_empty() -> None:
    assert random_series(990_000, 990_000, 500, NOW_MS)["points"] == []
    assert random_series(995_000, 990_000, 500, NOW_MS)["points"] == []


def test_more_than_asked_for_is_refused() -> None:
    with pytest.raises(TooManyPoints):
        random_series(0, NOW_MS, 10, NOW_MS)


def test_the_view_gives_thirty_points_of_a_minute(client: Client) -> None:
    series = client.get("/two/readings/?device=random").json()["series"][0]
    assert series["columns"] == ["at", "value"]
    assert series["resolution"] == "raw"
    assert len(series["points"]) == 30


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("since=x", 400, "not-a-number"),
        ("until=-" + "9" * 4300, 400, "not-a-time"),
        ("since=" + "9" * 5000, 400, "not-a-number"),
        ("points=0", 400, "bad-points"),
        ("points=5001", 400, "bad-points"),
        ("since=0&until=1763690000000", 400, "range-too-wide"),
        ("device=nobody", 404, "no-such-device"),
    ],
)
def test_a_bad_query_is_told_what_is_wrong(client: Client, query: str, status: int, code: str) -> None:
    answer = client.get(f"/two/readings/?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["detail"]
