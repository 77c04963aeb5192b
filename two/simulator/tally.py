"""What a run of the simulator has done so far, in numbers and in one line."""

import time
from collections import deque
from collections.abc import Callable

LATENCIES_KEPT = 2_000
TROUBLE_CHARACTERS = 60


class Tally:
    """Counts readings; times are in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = self._looked = clock()
        self._acknowledged_then = 0
        self._latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self.sent = 0
        self.acknowledged = 0
        self.errors = 0  # tries that failed
        self.left_out = 0  # never sent, since the other side was away for too long
        self.trouble = ""  # why nothing gets through at the moment

    @property
    def seconds(self) -> float:
        return self._clock() - self._began

    def acknowledge(self, readings: int, latency: float) -> None:
        self.acknowledged += readings
        self._latencies.append(latency)
        self.trouble = ""

    def fail(self, reason: str) -> None:
        self.errors += 1
        self.trouble = reason

    def progress(self) -> str:
        """One line; the rate is that since the last call."""
        now = self._clock()
        passed = max(now - self._looked, 1e-9)
        rate = (self.acknowledged - self._acknowledged_then) / passed
        self._looked, self._acknowledged_then = now, self.acknowledged
        trouble = f"  ({self.trouble[:TROUBLE_CHARACTERS]}; trying again)" if self.trouble else ""
        return self._line(rate) + trouble

    def summary(self) -> str:
        """The whole run."""
        return self._line(self.acknowledged / max(self.seconds, 1e-9))

    def _line(self, rate: float) -> str:
        left_out = f"  left out {self.left_out:,}" if self.left_out else ""
        return (
            f"{self.seconds:.0f} s  sent {self.sent:,}  acknowledged {self.acknowledged:,}  {rate:,.0f}/s  "
            f"errors {self.errors:,}{left_out}  p95 {self._p95()}"
        )

    def _p95(self) -> str:
        if not self._latencies:
            return "-"
        return f"{sorted(self._latencies)[int(len(self._latencies) * 0.95)] * 1000:.0f} ms"
