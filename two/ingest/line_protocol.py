"""InfluxDB line protocol as samples.

The format: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from line_protocol_parser import LineFormatError, parse_line

from two.nanoseconds import NS_PER_MS, NS_PER_SECOND
from two.samples import (
    BadReading,
    Sample,
    check_count,
    check_time,
    metric_name,
    number,
    slug_of,
    writable_slug,
)

NS_PER_UNIT = {"ns": 1, "n": 1, "us": 10**3, "u": 10**3, "ms": NS_PER_MS, "s": NS_PER_SECOND}
MAX_LINES_OF_A_TEXT = 100  # a quoted text may hold line feeds
MAX_PAIRS = 2_000  # tags and fields of a line: the parser takes time with the square of them


def samples_from_lines(body: bytes, precision: str, own_device: str | None) -> list[Sample]:
    """Everything in one body. `own_device` is the token's; None for a site's token.

    Fields that are texts are skipped, booleans are 0 or 1.

    Raises:
        BadReading: which line is wrong; nothing of the body may be stored.
    """
    if precision not in NS_PER_UNIT:
        raise BadReading("bad-precision", _("precision is one of ns, us, ms, s."))
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise BadReading("not-utf-8", _("line %(line)d: this is not UTF-8.") % {"line": line}) from None
    samples: list[Sample] = []
    for number_of_line, parsed in _parsed(text):
        try:
            _add(samples, parsed, NS_PER_UNIT[precision], own_device)
        except BadReading as error:
            detail = _("line %(line)d: %(detail)s") % {"line": number_of_line, "detail": error.detail}
            raise BadReading(error.code, detail, error.status) from None
        check_count(samples)
    return samples


def _parsed(text: str) -> Iterator[tuple[int, dict]]:  # type: ignore[type-arg]
    """Number, from 1, and content of each line that holds something."""
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        first, line, parsed = index, lines[index].removesuffix("\r"), None
        index += 1
        while line.strip():
            if line.count("=") > MAX_PAIRS:
                detail = _("line %(line)d: a line holds at most 2,000 tags and fields.") % {"line": first + 1}
                raise BadReading("too-many-fields", detail)
            try:
                parsed = parse_line(line)
                break
            except (LineFormatError, ValueError) as error:
                inside_a_text = line.count('"') % 2 == 1 and index - first < MAX_LINES_OF_A_TEXT
                if not inside_a_text or index == len(lines):
                    detail = _("line %(line)d: %(reason)s") % {"line": first + 1, "reason": error}
                    raise BadReading("not-line-protocol", detail) from None
                line += "\n" + lines[index]
                index += 1
        if parsed is not None:  # not a comment
            yield first + 1, parsed


def _add(samples: list[Sample], parsed: dict, ns_per_unit: int, own_device: str | None) -> None:  # type: ignore[type-arg]
    tags, measurement = parsed["tags"], parsed["measurement"]
    name = tags.get("device") or tags.get("host") or measurement
    slug = writable_slug(name, "device")
    if own_device not in (None, slug):
        raise BadReading(
            "foreign-device",
            _("this token writes for “%(own)s” alone, and this is “%(slug)s”; the tag device says whose a line is.")
            % {"own": own_device, "slug": slug},
            status=403,
        )
    prefix = "" if _is_device(measurement, slug) else f"{measurement}."
    at = parsed["time"]
    at_ns = None if at is None else check_time(at * ns_per_unit, "time")
    for field, value in parsed["fields"].items():
        if isinstance(value, str):
            continue
        metric = prefix + field
        samples.append(Sample(name, metric_name(metric, metric[:100]), at_ns, number(float(value), metric)))


def _is_device(measurement: str, slug: str) -> bool:
    return measurement == slug or slug_of(measurement) == slug
