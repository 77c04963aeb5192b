from two.feeds import random_at, random_reading


def test_a_slot_has_one_integer_between_0_and_100() -> None:
    values = [random_at(slot) for slot in range(2000)]
    assert values == [random_at(slot) for slot in range(2000)]
    assert set(values) == set(range(101))


def test_a_reading_says_what_when_and_of_which_device() -> None:
    assert random_reading(3) == {"data": random_at(3), "device": "random", "metric": "value", "unit": "", "at": 6000}
