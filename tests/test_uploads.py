"""Files sent to and fetched from a really started server."""

import http.client
import json
import re
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings

from tests.forms import MULTIPART, file_form
from tests.servers import Server, running
from threechat.media.door import BURST_UPLOADS
from threechat.media.views import PLAYER_POLICY
from threechat.tests.samples import picture, video

pytestmark = pytest.mark.server
MB = 1024 * 1024


class Person:
    """Keeps cookies, and sends the token that Django wants to see."""

    def __init__(self, server: Server) -> None:
        self.port = server.port
        self.cookies: dict[str, str] = {}
        self.request("GET", "/chat/files/")
        # A page that shows no form sets no token; the login page does.
        self.request("GET", "/accounts/login/")

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, {"Cookie": cookies, **headers})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            if found := re.match(r"(\w+)=([^;]*)", cookie):
                self.cookies[found[1]] = found[2]
        return answer.status, {key.lower(): value for key, value in answer.headers.items()}, content

    def upload(self, content: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
        token = {"X-CSRFToken": self.cookies["csrftoken"]}
        return self.request("POST", "/chat/files/media/", file_form(content), **{**MULTIPART, **token, **headers})


def head(server: Server, length: str) -> bytes:
    return f"POST /chat/files/media/ HTTP/1.1\r\nHost: localhost:{server.port}\r\n{length}\r\n\r\n".encode()


def resident_mb(server: Server) -> float:
    process = psutil.Process(server.pid)
    return float(sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / MB)


def test_a_file_goes_up_and_comes_down_in_parts(server: Server) -> None:
    person = Person(server)
    content = video(20 * MB)
    status, _headers, answer = person.upload(content)
    assert status == 201, answer
    url = json.loads(answer)["message"]
    status, headers, whole = person.request("GET", url)
    assert (status, whole == content, headers["content-type"]) == (200, True, "video/webm")
    assert headers["content-security-policy"] == PLAYER_POLICY
    status, headers, part = person.request("GET", url, Range="bytes=10000000-10000009")
    assert (status, part) == (206, content[10_000_000:10_000_010])
    status, headers, nothing = person.request("HEAD", url)
    assert (status, headers["content-length"], nothing) == (200, str(len(content)), b"")
    status, headers, nothing = person.request("HEAD", url, Range="bytes=0-1")
    assert (status, headers["content-length"], nothing) == (206, "2", b"")
    assert person.request("GET", url, **{"If-None-Match": headers["etag"]})[0] == 304
    assert person.request("GET", url, Range="bytes=99999999-")[0] == 416
    assert person.upload(picture())[0] == 201


def test_without_djangos_token_nothing_is_taken(server: Server) -> None:
    person = Person(server)
    assert person.upload(picture(), **{"X-CSRFToken": "wrong"})[0] == 403


def test_100_mb_are_refused_as_soon_as_they_are_announced(uvicorn: Server) -> None:
    with socket.create_connection(("127.0.0.1", uvicorn.port), timeout=10) as client:
        client.sendall(head(uvicorn, f"Content-Length: {100 * MB}"))
        assert client.recv(1000).startswith(b"HTTP/1.1 413")


def test_100_mb_that_nobody_announced_fill_neither_memory_nor_disk(uvicorn: Server) -> None:
    before_mb, free = resident_mb(uvicorn), psutil.disk_usage(tempfile.gettempdir()).free
    sent, chunk = 0, b"100000\r\n" + bytes(MB) + b"\r\n"
    with socket.create_connection(("127.0.0.1", uvicorn.port), timeout=10) as client:
        client.sendall(head(uvicorn, "Transfer-Encoding: chunked"))
        try:
            for _ in range(100):
                client.sendall(chunk)
                sent += 1
            client.sendall(b"0\r\n\r\n")
        except OSError:  # it hangs up on us
            pass
        assert sent < 100 or client.recv(1000).startswith(b"HTTP/1.1 413")
    assert resident_mb(uvicorn) - before_mb < 40
    deadline = time.monotonic() + 5
    while free - psutil.disk_usage(tempfile.gettempdir()).free > 20 * MB and time.monotonic() < deadline:
        time.sleep(0.1)
    assert free - psutil.disk_usage(tempfile.gettempdir()).free < 20 * MB
    assert not [path for path in Path(tempfile.gettempdir()).glob("*.upload*") if path.stat().st_size > MB]


def test_the_limit_of_a_file_is_told(uvicorn: Server) -> None:
    person = Person(uvicorn)
    status, _headers, answer = person.upload(video(settings.MAX_UPLOAD_BYTES + 1))
    assert (status, json.loads(answer)["error"]["code"]) == (413, "too-big")


def test_who_sends_too_many_is_told_to_wait(prepared: Path) -> None:
    server = Server("uvicorn", prepared)
    with running(server):
        person = Person(server.wait_until_ready())
        answers = [person.upload(b"nothing that is kept") for _ in range(BURST_UPLOADS + 3)]
    assert {status for status, _headers, _answer in answers} == {415, 429}
    status, headers, answer = answers[-1]
    assert (status, json.loads(answer)["error"]["code"]) == (429, "too-fast")
    assert int(headers["retry-after"]) >= 1
