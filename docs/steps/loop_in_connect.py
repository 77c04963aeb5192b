"""Rung 1, how many first tries look: a loop in `connect` of a sync consumer.

It pushes, but `connect` never returns while it runs: the consumer sees no message and no goodbye, and it keeps
the one thread that all sync code of the server shares.
"""

import time
from collections.abc import Callable

from channels.generic.websocket import WebsocketConsumer

PUSHES = 100
PAUSE_SECONDS = 2.0


class LoopConsumer(WebsocketConsumer):
    sleep: Callable[[float], None] = staticmethod(time.sleep)

    def connect(self) -> None:
        self.accept()
        for number in range(PUSHES):
            self.send(text_data=f'{{"message": "word {number}"}}')
            self.sleep(PAUSE_SECONDS)
