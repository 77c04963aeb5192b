"""The server's own times for readings that bring none."""

import time

from two.nanoseconds import NS_PER_SECOND

MAX_AHEAD_NS = NS_PER_SECOND  # of the clock; one that was set back by more is believed


class Stamps:
    """The clock in nanoseconds, none given twice: it may stand still, or be set back a little."""

    def __init__(self) -> None:
        self._next_ns = 0

    def take(self, count: int = 1) -> int:
        """The first of `count` Unix nanoseconds in a row."""
        now_ns = time.time_ns()
        is_set_back = self._next_ns > now_ns + MAX_AHEAD_NS
        first_ns = now_ns if is_set_back else max(now_ns, self._next_ns)
        self._next_ns = first_ns + count
        return first_ns
