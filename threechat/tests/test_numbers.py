from hypothesis import given
from hypothesis import strategies as st

from threechat.numbers import WINDOW, SentNumbers


@given(st.lists(st.integers(1, WINDOW), max_size=300))
def test_within_the_window_each_number_is_first_just_once(numbers: list[int]) -> None:
    sent = SentNumbers()
    assert [sent.is_first(number) for number in numbers] == [
        number not in numbers[:index] for index, number in enumerate(numbers)
    ]


@given(st.integers(1, 10**12), st.integers(WINDOW, 10**6))
def test_what_is_older_than_the_window_counts_as_sent(top: int, age: int) -> None:
    sent = SentNumbers()
    assert sent.is_first(top + age)
    assert not sent.is_first(top)


def test_a_socket_that_begins_late_takes_what_was_stored_before_and_is_published_only_now() -> None:
    sent = SentNumbers()
    sent.start_at(100)
    assert sent.is_first(99)
    assert not sent.is_first(99)
    assert sent.is_first(101)


def test_what_came_before_the_beginning_was_known_stays_sent() -> None:
    sent = SentNumbers()
    assert sent.is_first(7)  # published between joining and being let in
    sent.start_at(5)
    assert not sent.is_first(7)
    sent.start_at(9)
    assert not sent.is_first(7)
    assert sent.is_first(8)
    assert sent.top == 9
