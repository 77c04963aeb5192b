"""A device that posts one reading after the other, beside what a test does."""

import threading
import time

from tests.visitor import Visitor


class WritingDevice(threading.Thread):
    """Writes until it is stopped; `acknowledged` counts what it was told is stored, `refused` holds other answers."""

    def __init__(self, visitor: Visitor, token: str) -> None:
        super().__init__()
        self._visitor, self._token, self._stopped = visitor, token, threading.Event()
        self.acknowledged = 0
        self.refused: list[int] = []

    def run(self) -> None:
        number = 0
        while not self._stopped.is_set():
            number += 1
            answer = self._visitor.ask(
                "/two/readings/",
                "POST",
                f'{{"temperature": {number}}}',
                Authorization=f"Bearer {self._token}",
                Content_Type="application/json",
            )
            if answer.status == 204:
                self.acknowledged += 1
            else:
                self.refused.append(answer.status)

    def wait_for(self, more: int) -> None:
        """Until so many more are acknowledged."""
        until = self.acknowledged + more
        while self.acknowledged < until:
            assert not self.refused, self.refused
            time.sleep(0.01)

    def stop(self) -> None:
        self._stopped.set()
        self.join()
