import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examplechannels.ticker import slot_at
from two.feeds import random_at
from two.history import MAX_SERIES, STEPS_NS, Range, points_of, random_series, step_for
from two.models import Device, Metric, Reading
from two.nanoseconds import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_MS, NS_PER_SECOND
from two.storage import store

NOW_NS = time.time_ns() // NS_PER_HOUR * NS_PER_HOUR
NOW_MS = 10_000_000


def new_metric(device: str = "boiler", name: str = "t", unit: str = "") -> int:
    row, _created = Device.objects.get_or_create(slug=device, defaults={"name": device})
    return Metric.objects.create(device=row, name=name, unit=unit).pk


def fill(metric: int, first_ns: int, step_ns: int, values: list[float]) -> None:
    store({(metric, first_ns + number * step_ns): value for number, value in enumerate(values)})


def get(client: Client, **query: Any) -> Any:
    return client.get("/two/readings/", query)


def test_since_is_included_until_is_not_and_nothing_is_of_the_future() -> None:
    points = random_series(Range(9_990_000, 9_996_000, 500), NOW_MS)["points"]
    assert points == [[9_990_000, random_at(4995)], [9_992_000, random_at(4996)], [9_994_000, random_at(4997)]]
    assert random_series(Range(9_998_000, 20_000_000, 500), NOW_MS)["points"][-1] == [10_000_000, random_at(5000)]


def test_an_empty_or_reversed_range_is_empty() -> None:
    assert random_series(Range(9_990_000, 9_990_000, 500), NOW_MS)["points"] == []
    assert random_series(Range(9_995_000, 9_990_000, 500), NOW_MS)["points"] == []


def test_the_random_feed_is_remembered_for_an_hour_and_bucketed_where_that_is_too_much() -> None:
    series = random_series(Range(0, NOW_MS + 1, 5000), NOW_MS)
    assert len(series["points"]) == 1800
    series = random_series(Range(NOW_MS - 600_000, NOW_MS, 50), NOW_MS)
    assert series["columns"] == ["at", "mean", "min", "max"]
    assert 20 <= len(series["points"]) <= 50
    for at, mean, least, most in series["points"]:
        assert at % series["bucket"] == 0
        assert 0 <= least <= mean <= most <= 100


@pytest.mark.django_db
def test_what_fits_is_given_reading_by_reading() -> None:
    metric = new_metric()
    fill(metric, NOW_NS - 10 * NS_PER_SECOND, NS_PER_SECOND, [1, 2, 3, 4, 5])
    found = points_of(metric, NOW_NS - 9 * NS_PER_SECOND, NOW_NS - 6 * NS_PER_SECOND, 3, NOW_NS)
    start = NOW_NS // NS_PER_MS
    assert found == ("raw", 0, [[start - 9000, 2], [start - 8000, 3], [start - 7000, 4]])


@pytest.mark.django_db
def test_what_does_not_fit_is_bucketed_and_spikes_stay() -> None:
    metric = new_metric()
    values = [100.0 if n == 3_333 else n % 7 for n in range(6_000)]
    fill(metric, NOW_NS - 600 * NS_PER_SECOND, NS_PER_SECOND // 10, values)
    resolution, bucket_ns, points = points_of(metric, NOW_NS - 600 * NS_PER_SECOND, NOW_NS, 200, NOW_NS)
    assert (resolution, bucket_ns) == ("raw", 5 * NS_PER_SECOND)
    assert len(points) == 120
    assert max(most for _at, _mean, _least, most in points) == 100
    assert min(least for _at, _mean, least, _most in points) == 0
    assert points[0] == [
        (NOW_NS - 600 * NS_PER_SECOND) // NS_PER_MS,
        pytest.approx(sum(n % 7 for n in range(50)) / 50),
        0,
        6,
    ]


@pytest.mark.django_db
def test_wide_ranges_come_from_minutes_and_hours_and_gaps_stay_gaps() -> None:
    metric = new_metric()
    for hour in (50, 49, 10):
        fill(metric, NOW_NS - hour * NS_PER_HOUR, 30 * NS_PER_SECOND, [float(hour)] * 120)
    day = points_of(metric, NOW_NS - 51 * NS_PER_HOUR, NOW_NS, 200, NOW_NS)
    assert day[:2] == ("minute", 30 * NS_PER_MINUTE)
    assert [mean for _at, mean, _least, _most in day[2]] == [50, 50, 49, 49, 10, 10]
    assert day[2][4][0] - day[2][3][0] > 38 * 3600 * 1000
    month = points_of(metric, NOW_NS - 30 * NS_PER_DAY, NOW_NS, 20, NOW_NS)
    assert month[0] == "hour"
    assert len(month[2]) in {2, 3}  # the first two hours may share a bucket
    assert {most for _at, _mean, _least, most in month[2]} >= {50, 10}


@pytest.mark.django_db
def test_beyond_the_raw_retention_minutes_answer() -> None:
    metric = new_metric()
    fill(metric, NOW_NS - 40 * NS_PER_DAY, NS_PER_SECOND, [1.0, 5.0])
    Reading.objects.all().delete()
    resolution, bucket_ns, points = points_of(metric, NOW_NS - 41 * NS_PER_DAY, NOW_NS - 39 * NS_PER_DAY, 5000, NOW_NS)
    assert (resolution, bucket_ns) == ("minute", NS_PER_MINUTE)
    assert points == [[(NOW_NS - 40 * NS_PER_DAY) // NS_PER_MS, 3, 1, 5]]
    resolution, *_rest, points = points_of(metric, NOW_NS - 400 * NS_PER_DAY, NOW_NS, 5000, NOW_NS)
    assert (resolution, len(points)) == ("minute", 1)  # nothing is older than what there is


@pytest.mark.django_db
def test_one_point_is_one_bucket() -> None:
    metric = new_metric()
    fill(metric, NOW_NS - 2 * NS_PER_HOUR, 10 * NS_PER_SECOND, [float(number) for number in range(700)])
    for since in (NOW_NS - 2 * NS_PER_HOUR, NOW_NS - 90 * NS_PER_MINUTE, NOW_NS - 400 * NS_PER_SECOND):
        [[_at, _mean, least, _most]] = points_of(metric, since, NOW_NS, 1, NOW_NS)[2]
        assert least >= (since - NOW_NS + 2 * NS_PER_HOUR) // (10 * NS_PER_SECOND) - 360
    assert points_of(metric, NOW_NS - 400 * NS_PER_SECOND, NOW_NS, 1, NOW_NS)[0] == "raw"


@pytest.mark.django_db
def test_too_many_readings_to_look_at_are_answered_in_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("two.history.MAX_SCANNED_READINGS", 1_000)
    metric = new_metric()
    fill(metric, NOW_NS - 120 * NS_PER_SECOND, NS_PER_SECOND // 20, [1.0] * 2_000)
    assert points_of(metric, NOW_NS - 120 * NS_PER_SECOND, NOW_NS, 500, NOW_NS)[:2] == ("minute", NS_PER_MINUTE)


@pytest.mark.django_db
def test_readings_near_the_largest_float_have_a_mean() -> None:
    metric = new_metric()
    fill(metric, NOW_NS - 10 * NS_PER_SECOND, NS_PER_SECOND, [1.7e308] * 5 + [5e-324])
    [[_at, mean, least, most]] = points_of(metric, NOW_NS - 10 * NS_PER_SECOND, NOW_NS, 1, NOW_NS)[2]
    assert (least, most) == (5e-324, 1.7e308)
    assert mean == pytest.approx(1.7e308 * 5 / 6, rel=1e-9) or mean == pytest.approx(1.7e308 / 6 * 5, rel=1e-9)


@given(st.integers(1, 10**18), st.integers(2, 5000), st.integers(0, 10**18))
def test_no_range_touches_more_buckets_than_points(range_ns: int, points: int, since_ns: int) -> None:
    step_ns = step_for(range_ns, points)
    assert (since_ns + range_ns - 1) // step_ns - since_ns // step_ns + 1 <= points


def test_steps_are_in_order() -> None:
    assert sorted(STEPS_NS) == STEPS_NS


values = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(0, 10 * 60 * 1000), values, min_size=1, max_size=60))
def test_what_was_stored_comes_back_exactly(values: dict[int, float]) -> None:
    Device.objects.all().delete()
    metric = new_metric()
    since_ns = NOW_NS - 11 * NS_PER_MINUTE
    store({(metric, since_ns + at * NS_PER_MS): value for at, value in values.items()})
    expected = [[since_ns // NS_PER_MS + at, value] for at, value in sorted(values.items())]
    assert points_of(metric, since_ns, NOW_NS, 500, NOW_NS) == ("raw", 0, expected)


@pytest.mark.django_db(transaction=True)
def test_the_view_answers_for_devices_and_metrics(client: Client) -> None:
    now_ms = time.time_ns() // NS_PER_MS
    for device, name, unit in (("boiler", "t", "°C"), ("boiler", "p", "bar"), ("oven", "t", "°C")):
        fill(new_metric(device, name, unit), (now_ms - 3000) * NS_PER_MS, NS_PER_SECOND, [1.5, 2.5])
    everything = get(client).json()["series"]
    assert [(one["device"], one["metric"]) for one in everything] == [
        ("boiler", "p"),
        ("boiler", "t"),
        ("oven", "t"),
        ("random", "value"),
    ]
    assert everything[1] == {
        "device": "boiler",
        "metric": "t",
        "unit": "°C",
        "resolution": "raw",
        "bucket": 0,
        "columns": ["at", "value"],
        "points": [[now_ms - 3000, 1.5], [now_ms - 2000, 2.5]],
    }
    assert [one["device"] for one in get(client, device=["oven", "random"]).json()["series"]] == ["oven", "random"]
    assert [one["device"] for one in get(client, metric="t").json()["series"]] == ["boiler", "oven"]
    assert len(get(client, device="*").json()["series"]) == 4
    assert len(get(client, device="random").json()["series"][0]["points"]) == 30
    assert slot_at(time.time()) - get(client, device="random").json()["series"][0]["points"][-1][0] // 2000 <= 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("since=x", 400, "not-a-number"),
        ("until=-" + "9" * 4300, 400, "not-a-time"),
        ("since=" + "9" * 5000, 400, "not-a-number"),
        ("since=99999999999999999", 400, "not-a-time"),
        ("points=0", 400, "bad-points"),
        ("points=5001", 400, "bad-points"),
        ("device=nobody", 404, "no-such-device"),
        ("device=%00", 404, "no-such-device"),
    ],
)
def test_a_bad_query_is_told_what_is_wrong(client: Client, query: str, status: int, code: str) -> None:
    answer = client.get(f"/two/readings/?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["detail"]


@pytest.mark.django_db(transaction=True)
def test_more_points_than_a_request_may_have_are_refused(client: Client) -> None:
    device = Device.objects.create(slug="many", name="Many")
    Metric.objects.bulk_create(Metric(device=device, name=f"m{number}") for number in range(50))
    assert get(client, points=5000).status_code == 400
    assert get(client, points=4000).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_more_series_than_a_request_may_have_are_refused(client: Client) -> None:
    device = Device.objects.create(slug="many", name="Many")
    Metric.objects.bulk_create(Metric(device=device, name=f"m{number}") for number in range(MAX_SERIES + 1))
    answer = get(client)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "too-many-series")
    assert get(client, device="many", metric="m0").status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_csv_holds_every_reading_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("two.csv_export.SLICE_ROWS", 3)

    @sync_to_async
    def prepare() -> None:
        values = [0.1, -2.0, 1e300, 3.0, 4.0, 5.0]
        fill(new_metric("boiler", 'say "hi", °'), 1_795_000_000_123_456_789, NS_PER_SECOND, values)
        fill(new_metric("oven", "t", "°C"), 1_795_000_000 * NS_PER_SECOND, NS_PER_SECOND, [7.0])

    await prepare()
    query: dict[str, str | int] = {"since": 1_795_000_000_000, "until": 1_795_000_100_000, "format": "csv"}
    answer: Any = await AsyncClient().get("/two/readings/", query)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    lines = b"".join([chunk async for chunk in answer.streaming_content]).decode().split("\r\n")
    assert lines[0] == "device,metric,unit,at,datetime,value"
    assert lines[1] == 'boiler,"say ""hi"", °",,1795000000123,2026-11-18T11:06:40.123456789Z,0.1'
    assert lines[7] == "oven,t,°C,1795000000000,2026-11-18T11:06:40Z,7.0"
    assert len(lines) == 9
    answer = await AsyncClient().get("/two/readings/", {"device": "random", "format": "csv"})
    lines = b"".join([chunk async for chunk in answer.streaming_content]).decode().split("\r\n")
    assert len(lines) in {31, 32}
    assert (await AsyncClient().get("/two/readings/", {"device": "nobody", "format": "csv"})).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_device_that_has_not_sent_yet_has_no_series(client: Client) -> None:
    Device.objects.create(slug="attic", name="Attic")
    assert get(client, device="attic").json() == {"series": []}
