"""The one range of bytes that a player asks for when it seeks (RFC 9110, 14.2)."""

import re

SINGLE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class NotSatisfiable(ValueError):
    """The range begins behind the end."""


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """The first byte of a `Range` header and the one after its last, of `size`; None for all of them.

    Several ranges, other units and nonsense are ignored, as the RFC allows.

    Raises:
        NotSatisfiable: see there.
    """
    match = SINGLE_RANGE.fullmatch(header.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:  # the last so many
        first, last = str(max(0, size - int(last))), str(size - 1)
    elif last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise NotSatisfiable(header)
    return int(first), min(int(last or size) + 1, size)
