"""MQTT messages as samples (docs/protocol.md, MQTT).

Topics: our own `telemetry/<device>`; Zigbee2MQTT's `zigbee2mqtt/<friendly name>`, whose names may hold slashes
(https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html); Tasmota's `tele/<device>/SENSOR`
(https://tasmota.github.io/docs/MQTT/).
"""

import json
import math
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from two.samples import BadReading, Sample, check_count, metric_name, time_of, writable_slug

FILTERS = ("telemetry/+", "zigbee2mqtt/#", "tele/+/SENSOR")
NOT_READINGS = {"availability", "set", "get"}  # what Zigbee2MQTT hangs below a device
MAX_DEPTH = 10
RESERVED = {"ts", "device"}  # Zigbee2MQTT can put a device's description under `device`


def device_of(topic: str) -> str | None:
    """The name of the device whose readings come under this topic; None: no readings come there."""
    match topic.split("/"):
        case ["telemetry", device] | ["tele", device, "SENSOR"]:
            return device
        case ["zigbee2mqtt", first, *rest] if first != "bridge" and not NOT_READINGS & set(rest):
            return "/".join([first, *rest])
    return None


def samples_of(topic: str, payload: bytes, now_ns: int, retained: bool = False) -> list[Sample]:
    """The numbers in a JSON object; none where there is nothing to record. `now_ns` counts where no time is given.

    A retained message without a time is skipped: the broker sends it again at each connection, and nobody knows
    how old it is.

    Raises:
        BadReading: the payload is no JSON object, or a time or a name in it is impossible.
    """
    name = device_of(topic)
    if name is None or not payload:  # an empty payload deletes what is retained
        return []
    if "/" in name and not payload.startswith(b"{"):
        return []  # Zigbee2MQTT's output of single attributes
    writable_slug(name, "topic")
    values = _object(payload)
    at_ns = None
    if topic.startswith("telemetry/"):
        at_ns = time_of(values["ts"], "ts") if "ts" in values else None
        if isinstance(inside := values.get("values"), dict):  # the envelope of JSON over HTTP
            values = inside
    values = {key: value for key, value in values.items() if key not in RESERVED}
    if at_ns is None and retained:
        return []
    at_ns = now_ns if at_ns is None else at_ns
    samples = [Sample(name, metric_name(path, path[:100]), at_ns, value) for path, value in _numbers(values)]
    check_count(samples)
    return samples


def _object(payload: bytes) -> dict[str, Any]:
    if len(payload) > settings.MAX_FRAME_BYTES:
        raise BadReading("too-big", "It is larger than 64 KiB.")
    try:
        found = json.loads(payload, parse_constant=lambda _name: None)  # NaN is no number either
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error)[:100]
        raise BadReading("not-json", f"This is not JSON: {reason}.") from None
    if not isinstance(found, dict):
        raise BadReading("not-an-object", "This is not a JSON object.")
    return found


def _numbers(values: dict[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, float]]:
    """Dotted names and finite numbers; texts, booleans, lists and null are skipped."""
    if depth > MAX_DEPTH:
        raise BadReading("too-deep", "Its objects are nested more than 10 deep.")
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _numbers(value, f"{prefix}{key}.", depth + 1)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            try:
                found = float(value)
            except OverflowError:
                continue
            if math.isfinite(found):
                yield prefix + key, found
