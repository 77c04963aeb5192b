import pytest

from two.stamps import MAX_AHEAD_NS, Stamps

NOW_NS = 1_795_000_000_000_000_000


def test_no_nanosecond_is_given_twice_though_the_clock_stands_or_was_set_back_a_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stamps = Stamps()
    found = []
    for clock_ns, count in ((NOW_NS, 3), (NOW_NS, 1), (NOW_NS - MAX_AHEAD_NS + 5, 2), (NOW_NS + 100, 1)):
        monkeypatch.setattr("two.stamps.time.time_ns", lambda clock_ns=clock_ns: clock_ns)
        found.append(stamps.take(count) - NOW_NS)
    assert found == [0, 3, 4, 100]


def test_a_clock_that_was_set_back_by_more_than_a_second_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    stamps = Stamps()
    for clock_ns in (NOW_NS, NOW_NS - MAX_AHEAD_NS - 1):
        monkeypatch.setattr("two.stamps.time.time_ns", lambda clock_ns=clock_ns: clock_ns)
        assert stamps.take() == clock_ns
