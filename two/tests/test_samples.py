import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from two.samples import BadReading, slug_of, time_of


@given(st.text(min_size=1, max_size=100))
def test_a_slug_is_its_own_slug(name: str) -> None:
    try:
        slug = slug_of(name)
    except BadReading:
        return
    assert re.fullmatch(r"[a-z0-9_-]{1,64}", slug)
    assert slug_of(slug) == slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Boiler 1", "boiler-1"),
        ("kitchen/window", "kitchen-window"),
        ("a.b:c", "a-b-c"),
        ("Café", "cafe"),
        ("a" * 63 + " bother", "a" * 63),
        ("__x__", "x"),
    ],
)
def test_a_name_makes_a_slug(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_a_time_in_seconds_is_told() -> None:
    with pytest.raises(BadReading, match="milliseconds"):
        time_of(int(time.time()), "ts")


@given(st.integers(-(10**6), 10**5), st.integers(0, 999))
def test_a_fraction_of_a_millisecond_is_kept_to_the_nanosecond(offset: int, thousandths: int) -> None:
    now_ms = int(time.time() * 1000) + offset
    assert abs(time_of(now_ms + thousandths / 1000, "ts") - (now_ms * 10**6 + thousandths * 1000)) < 300
