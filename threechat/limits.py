"""How often one socket may send."""

import time
from collections.abc import Callable

from examplechannels.limits import TokenBucket

FRAMES_PER_SECOND = 10
BURST_FRAMES = 30
MAX_REFUSALS = 100  # then the socket is closed with 4429
TOO_MANY = 4429


class FrameLimit:
    """`BURST_FRAMES` at once, `FRAMES_PER_SECOND` in the long run; counts what it refuses."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._bucket = TokenBucket(BURST_FRAMES, FRAMES_PER_SECOND, clock)
        self.refusals = 0  # in a row

    @property
    def exhausted(self) -> bool:
        """Whether so much was refused in a row that the socket is to be closed."""
        return self.refusals > MAX_REFUSALS

    def allows(self) -> bool:
        allowed = self._bucket.take() == 0
        self.refusals = 0 if allowed else self.refusals + 1
        return allowed
