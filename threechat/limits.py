"""How often one socket may send."""

import time
from collections.abc import Callable

FRAMES_PER_SECOND = 10
BURST_FRAMES = 30
MAX_REFUSALS = 100  # then the socket is closed with 4429
TOO_MANY = 4429


class FrameLimit:
    """A token bucket: `BURST_FRAMES` at once, `FRAMES_PER_SECOND` in the long run."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tokens = float(BURST_FRAMES)
        self._filled_at = clock()
        self.refusals = 0  # in a row

    @property
    def exhausted(self) -> bool:
        """Whether so much was refused in a row that the socket is to be closed."""
        return self.refusals > MAX_REFUSALS

    def allows(self) -> bool:
        now = self._clock()
        self._tokens = min(BURST_FRAMES, self._tokens + (now - self._filled_at) * FRAMES_PER_SECOND)
        self._filled_at = now
        if self._tokens < 1:
            self.refusals += 1
            return False
        self._tokens -= 1
        self.refusals = 0
        return True
