import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from two.ingest.json_readings import samples_from_json, token_from_json
from two.samples import BadReading, Sample

NOW_MS = int(time.time() * 1000)
DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("payload", "samples"),
    [
        ({"temperature": 21.5}, [("boiler", "temperature", None, 21.5)]),
        ({"a": 1, "b": -2}, [("boiler", "a", None, 1.0), ("boiler", "b", None, -2.0)]),
        ({"ts": NOW_MS, "values": {"t": 1}}, [("boiler", "t", NOW_MS * 10**6, 1.0)]),
        ({"ts": NOW_MS + 0.5, "values": {"t": 1}}, [("boiler", "t", NOW_MS * 10**6 + 500_000, 1.0)]),
        ({"values": {"t": 1}, "device": "Boiler"}, [("boiler", "t", None, 1.0)]),
        ([{"a": 1}, {"values": {"a": 2}}], [("boiler", "a", None, 1.0), ("boiler", "a", None, 2.0)]),
        ({"温度 °C": 1e308}, [("boiler", "温度 °C", None, 1e308)]),
    ],
)
def test_objects_envelopes_and_arrays_are_readings(payload: Any, samples: list[Any]) -> None:
    assert samples_from_json(json.dumps(payload), "boiler") == [Sample(*sample) for sample in samples]


@pytest.mark.parametrize(
    ("text", "code", "names"),
    [
        ("", "not-json", ""),
        ("{", "not-json", ""),
        ("[" * 100_000, "not-json", "too deep"),
        ("9" * 5000, "not-json", ""),
        ("\ufeff{}", "not-json", ""),
        ("5", "not-an-object", ""),
        ('"x"', "not-an-object", ""),
        ("null", "not-an-object", ""),
        ("[[]]", "not-an-object", "[0]"),
        ('[{"a": 1}, 5]', "not-an-object", "[1]"),
        ("{}", "no-values", ""),
        ("[]", "no-values", ""),
        ('{"values": {}}', "no-values", ""),
        ('{"values": [1]}', "not-an-object", "values"),
        ('{"values": {"a": 1}, "time": 5}', "unknown-key", "time"),
        ('{"ts": 5, "a": 1}', "reserved-name", "ts"),
        ('{"device": "boiler", "a": 1}', "reserved-name", "device"),
        ('{"values": {"values": 1}}', "reserved-name", "values.values"),
        ('{"a": "21.5"}', "not-a-number", "a"),
        ('{"a": true}', "not-a-number", "a"),
        ('{"a": null}', "not-a-number", "a"),
        ('{"a": {"b": 1}}', "not-a-number", "a"),
        ('[{"a": 1}, {"values": {"b": []}}]', "not-a-number", "[1].values.b"),
        ('{"a": NaN}', "not-finite", "NaN"),
        ('{"a": -Infinity}', "not-finite", "-Infinity"),
        ('{"a": 1e999}', "not-finite", "a"),
        ('{"a": 1' + "0" * 400 + "}", "not-finite", "a"),
        ('{"": 1}', "bad-metric", ""),
        ('{"a\\nb": 1}', "bad-metric", ""),
        ('{"\\ud800": 1}', "bad-metric", ""),
        ('{"' + "a" * 101 + '": 1}', "bad-metric", "aaa"),
        ('{"ts": "now", "values": {"a": 1}}', "not-a-number", "ts"),
        ('{"ts": true, "values": {"a": 1}}', "not-a-number", "ts"),
        ('{"ts": 1e999, "values": {"a": 1}}', "not-finite", "ts"),
        (f'{{"ts": {NOW_MS + 60 * 60_000}, "values": {{"a": 1}}}}', "too-new", "ts"),
        (f'{{"ts": {NOW_MS - 31 * DAY_MS}, "values": {{"a": 1}}}}', "too-old", "ts"),
        ('{"ts": 0, "values": {"a": 1}}', "too-old", "ts"),
        ('{"ts": -9' + "9" * 400 + ', "values": {"a": 1}}', "too-old", "ts"),
        ('{"device": 5, "values": {"a": 1}}', "bad-device", "device"),
        ('{"device": "", "values": {"a": 1}}', "bad-device", ""),
        ('{"device": "oven", "values": {"a": 1}}', "foreign-device", "boiler"),
        ('{"device": "random", "values": {"a": 1}}', "reserved-device", "random"),
        ('{"device": "Host", "values": {"a": 1}}', "reserved-device", "host"),
    ],
)
def test_every_wrong_shape_names_the_value(text: str, code: str, names: str) -> None:
    with pytest.raises(BadReading) as caught:
        samples_from_json(text, "boiler")
    assert caught.value.code == code
    assert names in caught.value.detail


def test_a_site_says_which_device() -> None:
    [sample] = samples_from_json('{"device": "Boiler 7", "values": {"a": 1}}', None)
    assert sample.device == "Boiler 7"
    with pytest.raises(BadReading) as caught:
        samples_from_json('{"a": 1}', None)
    assert caught.value.code == "no-device"


@pytest.mark.parametrize(
    "payload", [[{"a": 1}] * 10_001, {f"m{number}": 1 for number in range(10_001)}, [{"a": 1, "b": 2}] * 5_001]
)
def test_ten_thousand_readings_are_a_batch_and_one_more_is_not(payload: Any) -> None:
    with pytest.raises(BadReading) as caught:
        samples_from_json(json.dumps(payload), "boiler")
    assert (caught.value.code, caught.value.status) == ("too-many-readings", 413)
    assert len(samples_from_json(json.dumps([{"a": 1}] * 10_000), "boiler")) == 10_000


@pytest.mark.parametrize(
    ("text", "token"), [('{"token": "x"}', "x"), ('{"token": 5}', ""), ('{"a": 1}', ""), ("[]", "")]
)
def test_a_first_frame_may_hold_the_token(text: str, token: str) -> None:
    assert token_from_json(text) == token


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(["ts", "values"]), inner),
    max_leaves=12,
)


@given(anything)
def test_whatever_comes_is_read_or_refused_with_a_reason(payload: Any) -> None:
    try:
        said = str(samples_from_json(json.dumps(payload), "boiler"))
    except BadReading as error:
        said = error.detail
    assert said
