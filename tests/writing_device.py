"""A device that posts one reading after the other, beside what a test does."""

import threading
from types import TracebackType
from typing import Self

from tests.servers import wait_until
from tests.visitor import WAIT_SECONDS, Visitor


class Repeated(threading.Thread):
    """Does `again` for as long as its block lasts: `with Repeated():`."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._stopped = threading.Event()

    def again(self) -> None:
        raise NotImplementedError

    def run(self) -> None:
        while not self._stopped.is_set():
            self.again()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopped.set()
        self.join(2 * WAIT_SECONDS)


class WritingDevice(Repeated):
    """`acknowledged` counts what it was told is stored, `refused` holds other answers."""

    def __init__(self, visitor: Visitor, token: str) -> None:
        super().__init__()
        self._visitor, self._token, self._number = visitor, token, 0
        self.acknowledged = 0
        self.refused: list[int] = []

    def again(self) -> None:
        self._number += 1
        answer = self._visitor.ask(
            "/two/readings/",
            "POST",
            f'{{"temperature": {self._number}}}',
            Authorization=f"Bearer {self._token}",
            Content_Type="application/json",
        )
        if answer.status == 204:
            self.acknowledged += 1
        else:
            self.refused.append(answer.status)

    def wait_for(self, more: int) -> None:
        """Until so many more are acknowledged, and none is refused."""
        until = self.acknowledged + more
        wait_until(lambda: self.acknowledged >= until or bool(self.refused), WAIT_SECONDS, f"{until} acknowledged")
        assert not self.refused, self.refused
