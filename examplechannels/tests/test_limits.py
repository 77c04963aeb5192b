import pytest

from examplechannels.limits import MAX_KEPT, Buckets, neighbourhood


def test_a_burst_is_fine_then_only_the_rate() -> None:
    now = 0.0
    bucket = Buckets(30, 10, clock=lambda: now).of("anna")
    assert [bucket.take() == 0 for _ in range(35)] == [True] * 30 + [False] * 5
    now += 1
    assert sum(bucket.take() == 0 for _ in range(100)) == 10


def test_what_is_given_back_may_be_taken_again_and_no_more() -> None:
    bucket = Buckets(2, 1, clock=lambda: 0.0).of("anna")
    bucket.take()
    bucket.give_back()
    bucket.give_back()
    assert [bucket.take() == 0 for _ in range(3)] == [True, True, False]


def test_two_people_do_not_share_and_one_cannot_have_two() -> None:
    buckets = Buckets(1, 1, clock=lambda: 0.0)
    assert buckets.of("anna").take() == 0
    assert buckets.of("bob").take() == 0
    assert buckets.of("anna").take() > 0


def test_only_so_many_are_kept_and_those_in_use_stay() -> None:
    buckets = Buckets(1, 1, clock=lambda: 0.0)
    buckets.of("anna").take()
    for number in range(MAX_KEPT - 1):
        buckets.of(str(number))
    assert buckets.of("anna").take() > 0
    buckets.of("one more")
    assert buckets.of("0").take() == 0  # it had to go, and is full again
    assert buckets.of("anna").take() > 0


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix", ""),
    ],
)
def test_a_home_has_one_limit(address: str, counted_as: str) -> None:
    assert neighbourhood(address) == counted_as
