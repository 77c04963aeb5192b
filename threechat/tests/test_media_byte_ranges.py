import pytest
from hypothesis import given
from hypothesis import strategies as st

from threechat.media.byte_ranges import NotSatisfiable, byte_range


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=5-5", (5, 6)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        (" bytes=0- ", (0, 100)),
    ],
)
def test_one_range_is_understood(header: str, part: tuple[int, int]) -> None:
    assert byte_range(header, 100) == part


@pytest.mark.parametrize(
    "header", ["", "bytes=", "bytes=-", "bytes=9-5", "bytes=0-1,5-6", "lines=0-5", "bytes=a-b", "bytes=--5", "0-5"]
)
def test_anything_else_means_all_of_it(header: str) -> None:
    assert byte_range(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_behind_the_end_there_is_nothing(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        byte_range(header, 100)


@given(st.one_of(st.text(), st.from_regex(r"bytes=\d*-\d*")), st.integers(1, 10**9))
def test_a_range_lies_within_the_file_whatever_is_asked_for(header: str, size: int) -> None:
    try:
        part = byte_range(header, size)
    except NotSatisfiable:
        return
    assert part is None or 0 <= part[0] < part[1] <= size
