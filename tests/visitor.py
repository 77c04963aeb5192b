"""Asks a server over HTTP or HTTPS, from any address of the loopback network, and keeps cookies."""

import http.client
import re
import ssl
from typing import Any, NamedTuple

from tests.forms import MULTIPART, file_form

WAIT_SECONDS = 30


class Answer(NamedTuple):
    """Header names are in small letters; status 0: nothing answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Visitor:
    """Somebody at `address`, as the server sees it; `tls` makes it HTTPS."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> None:
        self._port, self._tls, self._from = port, tls, (address, 0)
        self.cookies: dict[str, str] = {}

    @property
    def origin(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self._port}"

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> Answer:
        try:
            return self._ask(path, method, body, {name.replace("_", "-"): value for name, value in headers.items()})
        except (OSError, http.client.HTTPException):
            return Answer(0, {}, b"")

    def _ask(self, path: str, method: str, body: Any, headers: dict[str, str]) -> Answer:
        connection = (
            http.client.HTTPSConnection(
                "localhost", self._port, timeout=WAIT_SECONDS, source_address=self._from, context=self._tls
            )
            if self._tls
            else http.client.HTTPConnection("localhost", self._port, timeout=WAIT_SECONDS, source_address=self._from)
        )
        try:
            connection.request(method, path, body, {**({"Cookie": self.cookie} if self.cookies else {}), **headers})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            if found := re.match(r"([\w-]+)=([^;]*)", cookie):
                self.cookies[found[1]] = found[2]
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, content)

    def upload(self, room: str, content: bytes, name: str = "a.webm") -> Answer:
        """A file for a room, as its page sends it."""
        self.ask(f"/chat/{room}/")
        self.ask("/accounts/login/")  # a page that shows no form sets no token
        token = next(value for cookie, value in self.cookies.items() if cookie.endswith("csrftoken"))
        return self.ask(
            f"/chat/{room}/media/",
            "POST",
            file_form(content, name),
            X_CSRFToken=token,
            Origin=self.origin,
            Referer=f"{self.origin}/chat/{room}/",
            **MULTIPART,
        )
