import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from two.ingest.mqtt import device_of, samples_of
from two.samples import BadReading, Sample

NOW = time.time_ns()


def found(topic: str, payload: object, retained: bool = False) -> dict[str, float]:
    """The values by metric."""
    return {sample.metric: sample.value for sample in samples_of(topic, encoded(payload), NOW, retained)}


def encoded(payload: object) -> bytes:
    return payload if isinstance(payload, bytes) else json.dumps(payload).encode()


@pytest.mark.parametrize(
    ("topic", "device"),
    [
        ("telemetry/boiler", "boiler"),
        ("telemetry/boiler/extra", None),
        ("zigbee2mqtt/Living room", "Living room"),
        ("zigbee2mqtt/kitchen/window", "kitchen/window"),
        ("zigbee2mqtt/bridge/state", None),
        ("zigbee2mqtt/bridge/request/permit_join", None),
        ("zigbee2mqtt/bridge", None),
        ("zigbee2mqtt/lamp/availability", None),
        ("zigbee2mqtt/kitchen/lamp/set", None),
        ("zigbee2mqtt/lamp/set/brightness", None),
        ("zigbee2mqtt/lamp/get", None),
        ("tele/plug/SENSOR", "plug"),
        ("tele/plug/STATE", None),
        ("tele/plug/LWT", None),
        ("homeassistant/sensor/x/config", None),
    ],
)
def test_a_topic_names_its_device(topic: str, device: str | None) -> None:
    assert device_of(topic) == device


def test_a_topic_of_no_device_holds_nothing() -> None:
    assert samples_of("zigbee2mqtt/bridge/logging", b'{"level": 1}', NOW) == []


def test_our_own_topic() -> None:
    assert samples_of("telemetry/boiler", b'{"temperature": 21.5}', NOW) == [Sample("boiler", "temperature", NOW, 21.5)]


def test_nested_objects_become_dotted_metrics_and_what_is_no_number_is_skipped() -> None:
    payload = {"a": {"b": {"c": 1}, "d": "text"}, "e": True, "f": None, "g": [1, 2], "h": "21.5", "i": -2}
    assert found("telemetry/boiler", payload) == {"a.b.c": 1, "i": -2}
    assert found("telemetry/boiler", b'{"a": NaN, "b": -Infinity, "c": 1e999, "d": 1' + b"0" * 400 + b', "e": 5}') == {
        "e": 5
    }


def test_zigbee2mqtt_as_it_comes() -> None:
    payload = {
        "battery": 91,
        "contact": False,
        "device": {"ieeeAddr": "0x00158d0002", "networkAddress": 25241},
        "humidity": 47.31,
        "linkquality": 120,
        "temperature": 21.08,
        "update": {"state": "idle"},
    }
    assert found("zigbee2mqtt/Living room", payload) == {
        "battery": 91,
        "humidity": 47.31,
        "linkquality": 120,
        "temperature": 21.08,
    }
    assert found("zigbee2mqtt/kitchen/window/contact", b"false") == {}
    assert found("zigbee2mqtt/kitchen/window/temperature", b"21.5") == {}


def test_tasmota_as_it_comes() -> None:
    payload = {
        "Time": "2026-11-21T06:30:00",
        "ENERGY": {"TotalStartTime": "2026-01-01T00:00:00", "Power": 7.5, "Voltage": 231},
        "DS18B20": {"Id": "01131BBE4C5B", "Temperature": 20.8},
        "TempUnit": "C",
    }
    assert found("tele/plug/SENSOR", payload) == {
        "ENERGY.Power": 7.5,
        "ENERGY.Voltage": 231,
        "DS18B20.Temperature": 20.8,
    }


def test_ts_is_the_time_in_milliseconds_and_no_metric() -> None:
    at_ms = NOW // 10**6 - 5000
    payload = encoded({"ts": at_ms, "temperature": 21.5})
    assert samples_of("telemetry/boiler", payload, NOW) == [Sample("boiler", "temperature", at_ms * 10**6, 21.5)]


def test_the_envelope_of_json_over_http_is_understood() -> None:
    at_ms = NOW // 10**6
    payload = encoded({"ts": at_ms, "device": "another", "values": {"temperature": 21.5}})
    assert samples_of("telemetry/boiler", payload, NOW) == [Sample("boiler", "temperature", at_ms * 10**6, 21.5)]


def test_of_what_the_broker_retained_only_what_has_a_time_counts() -> None:
    assert found("telemetry/boiler", {"temperature": 1}, retained=True) == {}
    assert found("zigbee2mqtt/boiler", {"ts": NOW // 10**6, "temperature": 1}, retained=True) == {}
    assert found("telemetry/boiler", {"ts": NOW // 10**6, "temperature": 1}, retained=True) == {"temperature": 1}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"hello", "not-json"),
        (b"\xff\xfe", "not-json"),
        (b"[" * 100_000, "too-big"),
        (b"[" * 60_000, "not-json"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "not-json"),
        (b'{"a":' * 20 + b"1" + b"}" * 20, "too-deep"),
        (b"21.5", "not-an-object"),
        (b'[{"a": 1}]', "not-an-object"),
        (b'{"ts": "2026-11-21T06:30:00Z", "a": 1}', "not-a-number"),
        (b'{"ts": true, "a": 1}', "not-a-number"),
        (b'{"ts": 1, "a": 1}', "too-old"),
        (b'{"ts": 99999999999999, "a": 1}', "too-new"),
        (b'{"a\\nb": 1}', "bad-metric"),
        (b'{"": 1}', "bad-metric"),
        (encoded({"a" * 101: 1}), "bad-metric"),
    ],
)
def test_a_bad_payload_is_named(payload: bytes, code: str) -> None:
    with pytest.raises(BadReading) as caught:
        samples_of("telemetry/boiler", payload, NOW)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("device", "code"),
    [("random", "reserved-device"), ("Host", "reserved-device"), ("", "bad-device"), ("a\nb", "bad-device")],
)
def test_a_bad_device_is_named(device: str, code: str) -> None:
    with pytest.raises(BadReading) as caught:
        samples_of(f"telemetry/{device}", b'{"a": 1}', NOW)
    assert caught.value.code == code


def test_an_empty_payload_deletes_what_is_retained_and_is_no_mistake() -> None:
    assert samples_of("telemetry/boiler", b"", NOW) == []


@given(
    st.text(),
    st.binary()
    | st.recursive(
        st.none() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(encoded),
    st.booleans(),
)
def test_whatever_comes_is_samples_or_a_named_mistake(device: str, payload: bytes, retained: bool) -> None:
    for topic in (f"telemetry/{device}", f"zigbee2mqtt/{device}", f"tele/{device}/SENSOR"):
        try:
            samples = samples_of(topic, payload, NOW, retained)
        except BadReading:
            continue
        assert all(math.isfinite(sample.value) for sample in samples)
