"""JSON readings (docs/protocol.md, JSON readings) as samples."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from two.samples import (
    MAX_BATCH_READINGS,
    BadReading,
    Sample,
    check_count,
    metric_name,
    number,
    time_of,
    writable_slug,
)

ENVELOPE = {"ts", "values", "device"}  # reserved as names of metrics


def samples_from_json(text: str | bytes, own_device: str | None) -> list[Sample]:
    """Everything in one body or frame. `own_device` is the token's; None for a site's token.

    Raises:
        BadReading: which value is wrong; nothing of it may be stored.
    """
    payload = _loads(text)
    if isinstance(payload, list):
        if len(payload) > MAX_BATCH_READINGS:
            raise BadReading("too-many-readings", _("A batch holds at most 10,000 readings."), status=413)
        samples = [sample for index, item in enumerate(payload) for sample in _samples(item, f"[{index}]", own_device)]
    else:
        samples = list(_samples(payload, "", own_device))
    if not samples:
        raise BadReading("no-values", _("There is no reading in it."))
    check_count(samples)
    return samples


def token_from_json(text: str | bytes) -> str:
    """The token in `{"token": "…"}`; "" in any other object."""
    payload = _loads(text)
    token = payload.get("token") if isinstance(payload, dict) else None
    return token if isinstance(token, str) else ""


def _loads(text: str | bytes) -> Any:
    try:
        return DECODER.decode(text if isinstance(text, str) else text.decode())
    except BadReading:
        raise
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error)[:100]
        raise BadReading("not-json", _("This is not JSON: %(reason)s.") % {"reason": reason}) from None


def _no_constant(name: str) -> NoReturn:
    raise BadReading("not-finite", _("%(where)s is not a finite number.") % {"where": name})


def _samples(item: Any, where: str, own_device: str | None) -> Iterator[Sample]:
    """The readings of one object: an envelope, or nothing but metrics."""
    if not isinstance(item, dict):
        raise BadReading("not-an-object", _("%(where)s is not an object.") % {"where": where or _("The payload")})
    at_ns, values, inside = None, item, where
    if "values" in item:
        if unknown := sorted(item.keys() - ENVELOPE):
            raise BadReading(
                "unknown-key",
                _("%(where)s: an envelope holds ts, values, device.") % {"where": _path(where, unknown[0])},
            )
        values, inside = item["values"], _path(where, "values")
        if not isinstance(values, dict):
            raise BadReading("not-an-object", _("%(where)s is not an object.") % {"where": inside})
        if "ts" in item:
            at_ns = time_of(item["ts"], _path(where, "ts"))
    if reserved := sorted(values.keys() & ENVELOPE):
        raise BadReading(
            "reserved-name",
            _("%(where)s: ts and device stand in an envelope, beside values; no metric has such a name.")
            % {"where": _path(inside, reserved[0])},
        )
    device = _device(item.get("device"), _path(where, "device"), own_device)
    for name, value in values.items():
        path = _path(inside, name)
        yield Sample(device, metric_name(name, path), at_ns, number(value, path))


DECODER = json.JSONDecoder(parse_constant=_no_constant)  # made once: 1.5 µs less for each frame


def _path(where: str, key: str) -> str:
    name = key[:100].encode(errors="replace").decode()  # half a surrogate pair could not be sent back
    return f"{where}.{name}" if where else name


def _device(name: Any, where: str, own_device: str | None) -> str:
    if name is None and own_device is not None:
        return own_device
    if name is None:
        raise BadReading(
            "no-device", _("%(where)s: a site's token says which device: device in an envelope.") % {"where": where}
        )
    if not isinstance(name, str):
        raise BadReading("bad-device", _("%(where)s is not a text.") % {"where": where})
    slug = writable_slug(name, where)
    if own_device not in (None, slug):
        raise BadReading(
            "foreign-device",
            _("%(where)s: this token writes for “%(own)s” alone.") % {"where": where, "own": own_device},
            status=403,
        )
    return name if own_device is None else own_device
