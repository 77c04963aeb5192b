"""Asks a worker whether it is ready: `python deploy/ready.py 127.0.0.1:8000`, or the path of its Unix socket.

Ends with 0 when it is, else with its reason and 1. Needs nothing but Python, so it starts fast.
"""

import http.client
import os
import socket
import sys

TIMEOUT_SECONDS = 4


class Connection(http.client.HTTPConnection):
    """HTTP to `host:port`, or over a Unix socket."""

    def __init__(self, place: str) -> None:
        super().__init__("localhost" if "/" in place else place, timeout=TIMEOUT_SECONDS)
        self._path = place if "/" in place else ""

    def connect(self) -> None:
        if not self._path:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(self._path)


def why_not(place: str) -> str:
    """Why the worker at `place` is not ready; "" when it is."""
    host = (os.environ.get("ALLOWED_HOSTS") or "localhost").split(",")[0].strip().lstrip(".")
    connection = Connection(place)
    try:
        connection.request("GET", "/readyz", headers={"Host": host, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        return "" if answer.status == http.HTTPStatus.OK else f"{answer.status} {answer.read(1000).decode()}"
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(why_not(sys.argv[1]) or 0)
