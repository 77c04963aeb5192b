"""How much of something may be done in a while."""

import time
from collections.abc import Callable


class TokenBucket:
    """`burst` at once, `per_second` in the long run."""

    __slots__ = ("_burst", "_clock", "_filled_at", "_left", "_per_second")

    def __init__(self, burst: float, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._per_second = per_second
        self._clock = clock
        self._left = burst
        self._filled_at = clock()

    def wait(self, amount: float = 1) -> float:
        """The seconds until that much may be taken; 0: now."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        return max(0.0, (amount - self._left) / self._per_second)

    def take(self, amount: float = 1) -> float:
        """Takes it and returns 0, or takes nothing and returns the seconds after which it is worth asking again."""
        wait = self.wait(amount)
        if not wait:
            self._left -= amount
        return wait
