"""Log lines about what others send: as often as somebody can read them."""

import logging
import time
from collections.abc import Callable

WINDOW_SECONDS = 60.0
LINES_PER_WINDOW = 10


class Complaints:
    """At most `LINES_PER_WINDOW` warnings a minute; the next minute's first line counts what was left out."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._window_ends = 0.0
        self._said = 0
        self._left_out = 0

    def say(self, line: str, *values: object) -> None:
        now = self._clock()
        if now >= self._window_ends:
            if self._left_out:
                self._logger.warning("%d more such lines were left out", self._left_out)
            self._window_ends = now + WINDOW_SECONDS
            self._said = self._left_out = 0
        if self._said >= LINES_PER_WINDOW:
            self._left_out += 1
            return
        self._said += 1
        self._logger.warning(line, *values)
