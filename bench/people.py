"""People who write in chat rooms as pages do, each message with a `client_id` that its echo brings back."""

import json
import re
import time

from .client import Viewer
from .load import Crowd
from .servers import Server

CLIENT_ID = re.compile(rb'"client_id":"([^"]+)"')
ERROR = b'"type":"error"'
TEXT = "A message of sixty bytes, such as people type into a chat. "


def path_of(room: str) -> str:
    """The socket as a page opens it."""
    return f"/ws/chat/{room}/?events=all"


def message(client_id: str) -> str:
    return json.dumps({"message": TEXT, "client_id": client_id}, separators=(",", ":"))


class Person(Viewer):
    """Sends, and notes when (Unix s) what it sent came back. Remembers no frames."""

    def __init__(self, crowd: Crowd, request: bytes) -> None:
        super().__init__(crowd, request)
        self.sent: dict[str, float] = {}
        self.echoed: dict[str, float] = {}
        self.refusals = 0

    def say(self, client_id: str) -> None:
        self.sent[client_id] = time.time()
        self.send_text(message(client_id))

    def echoes_ms(self) -> list[float]:
        """How long each message took to come back; those that did not are left out."""
        return [(at - self.sent[client_id]) * 1000 for client_id, at in self.echoed.items()]

    def _note(self, frame: bytes, payload: bytes) -> None:
        now = time.time()
        if ERROR in payload:
            self.refusals += 1
        elif found := CLIENT_ID.search(payload):
            client_id = found.group(1).decode()
            if client_id in self.sent:
                self.echoed.setdefault(client_id, now)


async def open_people(server: Server, path: str, count: int) -> list[Person]:
    """`count` people on one socket path."""
    crowd = Crowd(server, path, Person)
    await crowd.open(count)
    return [viewer for viewer in crowd.viewers if isinstance(viewer, Person)]
