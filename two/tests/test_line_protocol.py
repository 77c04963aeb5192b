import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from two.ingest.line_protocol import samples_from_lines
from two.samples import BadReading, Sample

NOW_S = int(time.time())
NOW_NS = NOW_S * 10**9


@pytest.mark.parametrize(
    ("line", "precision", "samples"),
    [
        ("cpu,host=srv1 usage=1.5", "ns", [("srv1", "cpu.usage", None, 1.5)]),
        (f"cpu,host=srv1 usage=1i {NOW_NS + 7}", "ns", [("srv1", "cpu.usage", NOW_NS + 7, 1.0)]),
        (f"cpu,host=srv1 usage=1u {NOW_S}", "s", [("srv1", "cpu.usage", NOW_NS, 1.0)]),
        (f"cpu,host=srv1 usage=1 {NOW_S * 1000}", "ms", [("srv1", "cpu.usage", NOW_NS, 1.0)]),
        (f"cpu,host=srv1 usage=1 {NOW_S * 10**6}", "us", [("srv1", "cpu.usage", NOW_NS, 1.0)]),
        ("t,device=Boiler\\ 7,host=pi v=2", "ns", [("Boiler 7", "t.v", None, 2.0)]),
        ("boiler temperature=2", "ns", [("boiler", "temperature", None, 2.0)]),
        ("Boiler,device=boiler temperature=2", "ns", [("boiler", "temperature", None, 2.0)]),
        ('a on=t,off=F,who="me",n=3', "ns", [("a", "on", None, 1.0), ("a", "off", None, 0.0), ("a", "n", None, 3.0)]),
        ('a who="two\nlines, one=1",n=3', "ns", [("a", "n", None, 3.0)]),
        ('a who="me"', "ns", []),
        ("# nothing\n\n  \r\na n=3\r\n", "ns", [("a", "n", None, 3.0)]),
    ],
)
def test_lines_are_readings(line: str, precision: str, samples: list[tuple[str, str, int | None, float]]) -> None:
    found = samples_from_lines(line.encode(), precision, None)
    assert sorted(found) == sorted(Sample(*sample) for sample in samples)


@pytest.mark.parametrize(
    ("body", "code", "names"),
    [
        (b"cpu", "not-line-protocol", "line 1"),
        (b"a v=1\nb v=x", "not-line-protocol", "line 2"),
        (b'a v=1\n\nb v="never ends\nc v=1', "not-line-protocol", "line 3"),
        (b"a v=1\nb v=\xff", "not-utf-8", "line 2"),
        (b"a v=nan", "not-line-protocol", "line 1"),
        (b"a v=inf", "not-line-protocol", "line 1"),
        (b"a v=1 yesterday", "not-line-protocol", "line 1"),
        (b"a v=1 5", "too-old", "line 1"),
        (b"a v=1\n\x00 v=1", "not-line-protocol", "line 2"),
        (f"a v=1 {NOW_NS + 3600 * 10**9}".encode(), "too-new", "line 1"),
        (b"host v=1", "reserved-device", "host"),
        (b"a,device=random v=1", "reserved-device", "random"),
        (b"a " + b"m" * 101 + b"=1", "bad-metric", "line 1"),
        (b"a" * 101 + b",device=b v=1", "bad-device", "line 1"),
        (b"a\\\tb v=1", "bad-device", "line 1"),
    ],
)
def test_a_wrong_line_is_named(body: bytes, code: str, names: str) -> None:
    with pytest.raises(BadReading) as caught:
        samples_from_lines(body, "ns", None)
    assert caught.value.code == code
    assert names in caught.value.detail


def test_a_precision_that_is_none_is_refused() -> None:
    with pytest.raises(BadReading, match="precision"):
        samples_from_lines(b"a v=1", "fortnights", None)


def test_a_devices_token_writes_for_its_device_alone() -> None:
    [sample] = samples_from_lines(b"cpu,device=boiler usage=1", "ns", "boiler")
    assert sample == Sample("boiler", "cpu.usage", None, 1.0)
    with pytest.raises(BadReading) as caught:
        samples_from_lines(b"boiler v=1\ncpu,host=oven usage=1", "ns", "boiler")
    assert (caught.value.code, caught.value.status) == ("foreign-device", 403)
    assert "line 2" in caught.value.detail


def test_ten_thousand_readings_are_a_batch_and_one_more_is_not() -> None:
    assert len(samples_from_lines(b"\n".join([b"a v=1"] * 10_000), "ns", None)) == 10_000
    with pytest.raises(BadReading) as caught:
        samples_from_lines(b"\n".join([b"a v=1"] * 10_001), "ns", None)
    assert (caught.value.code, caught.value.status) == ("too-many-readings", 413)


def test_a_text_without_an_end_is_refused_in_time() -> None:
    body = b'a v="' + b'x\n"' * 200_000
    begin = time.process_time()
    with pytest.raises(BadReading):
        samples_from_lines(body, "ns", None)
    assert time.process_time() - begin < 1


@given(
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.from_regex(rb'[a, ="\\t1i\n]{1,40}', fullmatch=True)
)
def test_whatever_comes_is_read_or_refused_with_a_reason(body: bytes) -> None:
    try:
        said = str(samples_from_lines(body, "ns", None))
    except BadReading as error:
        said = error.detail
    assert said


# The package refuses what is closer to 0 than a normal float can be.
@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_a_float_is_read_exactly(value: float) -> None:
    [sample] = samples_from_lines(f"a v={value!r}".encode(), "ns", None)
    assert sample.value == value


@pytest.mark.parametrize("pairs", ["m" + ",t=1" * 200_000 + " a=1", "m " + ",".join(["a=1"] * 200_000)])
def test_a_line_of_very_many_tags_or_fields_is_refused_in_time(pairs: str) -> None:
    begin = time.process_time()
    with pytest.raises(BadReading) as caught:
        samples_from_lines(b"a v=1\n" + pairs.encode(), "ns", None)
    assert caught.value.code == "too-many-fields"
    assert "line 2" in caught.value.detail
    assert time.process_time() - begin < 1
