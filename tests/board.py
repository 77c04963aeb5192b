"""A started server to which devices send."""

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.servers import Server


def now_ms() -> int:
    return int(time.time() * 1000)


class Board:
    """A server with devices."""

    def __init__(self, folder: Path, server: Server, token: str) -> None:
        self.folder, self.server, self._token = folder, server, token

    @property
    def url(self) -> str:
        return f"{self.server.url}/two/"

    def send(self, device: str, at: int | None = None, **values: float) -> None:
        self.send_all([{"device": device, "ts": at or now_ms(), "values": values}])

    def send_all(self, readings: list[dict[str, Any]]) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self.server.url}/two/readings/", json.dumps(readings).encode(), headers, method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 204

    def send_past(self, device: str, times: range, metric: str = "temperature") -> None:
        self.send_all([{"device": device, "ts": at, "values": {metric: 20 + at // 1000 % 5}} for at in times])
