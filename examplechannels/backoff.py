"""How long to wait before the next try."""

import random

FIRST_SECONDS = 0.5


class Backoff:
    """Doubles from try to try up to a bound; a random 50 to 100 % of it, so that many do not come back at once."""

    def __init__(self, longest_seconds: float, first_seconds: float = FIRST_SECONDS) -> None:
        self._longest = longest_seconds
        self._first = self._next = first_seconds

    def seconds(self) -> float:
        """The pause before the next try."""
        pause = self._next * random.uniform(0.5, 1)  # noqa: S311  no secret
        self._next = min(self._next * 2, self._longest)
        return pause

    def reset(self) -> None:
        """After a success."""
        self._next = self._first
