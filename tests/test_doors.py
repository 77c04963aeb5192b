"""A really started server as an operator runs it: headers on every kind of answer, logins under a flood."""

import http.client
import json
import re
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from examplechannels.headers import CLOSED_POLICY, PERMISSIONS
from examplechannels.logins import BURST_OF_ADDRESS
from tests.chat_site import MEMBER, OUTSIDER, PASSWORD, ChatSite, chat_site
from tests.forms import MULTIPART, file_form
from tests.servers import Server, new_folder, prepare, running
from threechat.media.door import BURST_UPLOADS
from threechat.media.views import PICTURE_POLICY
from threechat.tests.samples import picture

pytestmark = pytest.mark.server
YEAR = 365 * 86_400
FLOOD_THREADS = 8
EVERY_ANSWER = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": PERMISSIONS,
    "referrer-policy": "same-origin",
    "strict-transport-security": f"max-age={YEAR}",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
PAGE_POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
    "upgrade-insecure-requests",
}


class Answer:
    def __init__(self, found: http.client.HTTPResponse) -> None:
        self.status, self.content = found.status, found.read()
        self.pairs = [(name.lower(), value) for name, value in found.getheaders()]
        self.headers = dict(self.pairs)
        self.cookies = [value for name, value in self.pairs if name == "set-cookie"]

    @property
    def policy(self) -> set[str]:
        return {part.strip() for part in self.headers["content-security-policy"].split(";")}


class Browser:
    """Keeps cookies; over https it comes through a proxy that says so."""

    def __init__(self, server: Server, is_https: bool = True, address: str = "127.0.0.1") -> None:
        self._server, self._address = server, address
        self._proxy = {"X-Forwarded-Proto": "https"} if is_https else {}
        self._cookies: dict[str, str] = {}

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._server.port, timeout=60, source_address=(self._address, 0)
        )
        try:
            connection.request(method, path, body, {**self._proxy, **cookies, **headers})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        for cookie in answer.cookies:
            name, _is, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def log_in(self, name: str, password: str) -> Answer:
        path = "/accounts/login/"
        if "csrftoken" not in self._cookies:
            self.get(path)
        token = {"csrfmiddlewaretoken": self._cookies["csrftoken"]}
        body = urlencode({"username": name, "password": password, **token}).encode()
        origin = {"Referer": f"https://127.0.0.1:{self._server.port}/"}
        return self.request("POST", path, body, **{"Content-Type": "application/x-www-form-urlencoded"}, **origin)

    def upload(self, content: bytes) -> Answer:
        headers = {
            **MULTIPART,
            "X-CSRFToken": self._cookies["csrftoken"],
            "Referer": f"https://127.0.0.1:{self._server.port}/",
        }
        return self.request("POST", "/chat/files/media/", file_form(content, "a.png"), **headers)


@pytest.fixture(scope="module")
def secured() -> Iterator[Server]:
    """Under the documented environment of production, as far as this machine has it."""
    folder = new_folder()
    prepare(folder)
    server = Server("uvicorn", folder, HTTPS="1", TRUSTED_PROXIES="127.0.0.1")
    with running(server):
        yield server.wait_until_ready()


def check(answer: Answer, status: int, cache: str | None = "private, no-store") -> Answer:
    assert answer.status == status, answer.content[:200]
    for name, value in EVERY_ANSWER.items():
        assert answer.headers.get(name) == value, name
    names = [name for name, _value in answer.pairs if name != "set-cookie"]
    assert len(names) == len(set(names))
    assert "server" not in names
    if cache is not None:
        assert answer.headers["cache-control"] == cache
    assert answer.headers["content-security-policy"]
    for cookie in answer.cookies:
        # The CSRF cookie is for scripts too, which may send it as a header.
        wanted = {"Secure", "SameSite=Lax", *([] if cookie.startswith("csrftoken=") else ["HttpOnly"])}
        assert wanted <= {part.strip() for part in cookie.split(";")}, cookie
    return answer


def test_pages_have_every_header_and_a_narrow_policy(secured: Server) -> None:
    browser = Browser(secured)
    for path in ("/", "/one/", "/two/", "/chat/", "/chat/lobby/", "/learn/one/", "/accounts/signup/"):
        assert check(browser.get(path), 200).policy == PAGE_POLICY, path
    cookies = check(Browser(secured).get("/chat/lobby/"), 200).cookies
    assert sorted(cookie.partition("=")[0] for cookie in cookies) == ["csrftoken", "sessionid"]
    login = check(browser.get("/accounts/login/"), 200, cache=None)
    assert "no-store" in login.headers["cache-control"]
    assert check(browser.get("/admin/login/"), 200, cache=None).policy == PAGE_POLICY
    assert check(browser.get("/nowhere/"), 404).policy == PAGE_POLICY
    assert check(browser.get("/admin/"), 302, cache=None).headers["location"].startswith("/admin/login/")


def test_data_and_files_have_them_too(secured: Server) -> None:
    browser = Browser(secured)
    for path in ("/two/readings/", "/two/devices/", "/two/version/", "/chat/?format=json", "/livez", "/readyz"):
        assert "no-store" in check(browser.get(path), 200, cache=None).headers["cache-control"], path
    check(browser.get("/two/readings/?device=random&format=csv&since=1&until=2"), 200, "no-store")
    check(browser.get("/i18n/catalog.js"), 200, "max-age=300")
    check(browser.get("/favicon.ico"), 302)
    [style] = re.findall(rb'href="(/static/css/tokens[^"]*\.css)"', browser.get("/").content)
    found = check(browser.get(style.decode()), 200, cache=None)
    assert found.headers["content-security-policy"] == CLOSED_POLICY
    assert "immutable" in found.headers["cache-control"]
    again = browser.get(style.decode(), **{"If-Modified-Since": found.headers["last-modified"]})
    assert check(again, 304, cache=None).headers["cache-control"] == found.headers["cache-control"]
    browser.get("/chat/files/")
    url = json.loads(check(browser.upload(picture()), 201).content)["message"]
    assert check(browser.get(url), 200, "private, no-cache").headers["content-security-policy"] == PICTURE_POLICY
    check(browser.get(url, Range="bytes=0-1"), 206, "private, no-cache")
    check(browser.get(url, Range="bytes=99999999-"), 416, "private, no-cache")


def test_refusals_have_them_whoever_sends_them(secured: Server) -> None:
    browser = Browser(secured)
    check(browser.request("POST", "/one/", Referer="https://evil.example/"), 403)
    check(browser.get("/", Host="evil.example"), 400)
    check(browser.request("POST", "/two/readings/", b"{}"), 401)
    check(browser.request("POST", "/two/readings/", None, **{"Content-Length": str(10**9)}), 413)
    browser.log_in("nobody", "wrong")
    assert check(browser.get("/chat/nowhere/media/"), 405).headers["allow"]
    for _ in range(BURST_UPLOADS + 1):
        answer = browser.upload(b"")
    assert check(answer, 429).headers["retry-after"]


def test_plain_http_is_sent_to_https_but_for_probes(secured: Server) -> None:
    plain = Browser(secured, is_https=False)
    answer = plain.get("/chat/?room=a")
    assert (answer.status, answer.headers["location"]) == (301, f"https://127.0.0.1:{secured.port}/chat/?room=a")
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert plain.get("/livez").status == plain.get("/readyz").status == 200


def test_on_a_laptop_plain_http_goes_on_working(uvicorn: Server) -> None:
    answer = Browser(uvicorn, is_https=False).get("/accounts/login/")
    assert answer.status == 200
    assert "upgrade-insecure-requests" not in answer.policy
    assert "strict-transport-security" not in answer.headers
    assert all("Secure" not in cookie for cookie in answer.cookies)


def test_serve_says_a_line_for_what_is_doubtful(prepared: Path) -> None:
    server = Server("uvicorn", prepared, ALLOWED_HOSTS="*", LOGIN_REQUIRED="1", SIGN_UP="1")
    with running(server):
        server.wait_until_ready()
        ours = [line.rpartition(".")[2] for line in server.output.splitlines() if "(examplechannels." in line]
        assert [name for name in ours if name != "W001)"] == ["W003)", "I007)"]  # others serve from this folder too


def seconds_to_log_in(site: ChatSite, name: str) -> float:
    """From an address of its own."""
    browser = Browser(site.server, is_https=False, address="127.0.0.2")
    browser.get("/accounts/login/")
    began = time.monotonic()
    assert browser.log_in(name, PASSWORD).status == 302
    return time.monotonic() - began


def test_a_flood_of_wrong_passwords_keeps_nobody_out() -> None:
    """Of one address it costs ten hashes and then next to nothing. Orders of magnitude: the machine is shared."""
    with chat_site() as site:
        quiet = statistics.median(seconds_to_log_in(site, MEMBER) for _ in range(5))
        over = threading.Event()
        statuses: list[int] = []

        def flood() -> None:
            browser = Browser(site.server, is_https=False)
            while not over.is_set():
                statuses.append(browser.log_in(OUTSIDER, "wrong").status)

        threads = [threading.Thread(target=flood) for _ in range(FLOOD_THREADS)]
        try:
            for thread in threads:
                thread.start()
            while statuses.count(429) < FLOOD_THREADS:
                assert all(thread.is_alive() for thread in threads)
                time.sleep(0.02)
            flooded = statistics.median(seconds_to_log_in(site, MEMBER) for _ in range(5))
        finally:
            over.set()
            for thread in threads:
                thread.join()
        print(f"a login takes {quiet:.2f} s, under {len(statuses)} wrong ones {flooded:.2f} s")
        assert set(statuses) == {200, 429}
        # A token comes back each 30 s.
        assert statuses.count(200) <= BURST_OF_ADDRESS + 3
        assert flooded < 10 * quiet + 1


def test_the_log_names_the_address_once_a_while_and_no_password(secured: Server) -> None:
    browser: Any = Browser(secured)
    for number in range(BURST_OF_ADDRESS + 5):
        browser.log_in(f"hunter{number}", "geheim")
    assert "Logging in was refused to 127.0.0.1: too many failures" in secured.output
    assert "hunter" not in secured.output
    assert "geheim" not in secured.output


HEAD = b"POST /one/ HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"


@pytest.mark.parametrize(
    "begun",
    [b"GET /", HEAD + b"X-A: ", HEAD, CHUNKED, CHUNKED + b"0\r\nX-A: "],
    ids=["path", "header", "headers", "chunk size", "trailer"],
)
def test_what_surrounds_a_body_is_bounded(uvicorn: Server, begun: bytes) -> None:
    piece = b"".join(b"X-%d: a\r\n" % n for n in range(400)) if begun == HEAD else b"0" * 4_000
    with socket.create_connection(("127.0.0.1", uvicorn.port), timeout=10) as client:
        client.sendall(begun)
        answer, sent = b"", 0
        client.settimeout(0.05)
        while sent < 1_000_000 and not answer:
            sent += len(piece)
            with suppress(TimeoutError, ConnectionError):  # it has answered and hung up
                client.sendall(piece)
            with suppress(TimeoutError, ConnectionError):
                answer = client.recv(1_000)
        assert answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


def test_long_heads_that_end_are_answered(uvicorn: Server) -> None:
    client = http.client.HTTPConnection("127.0.0.1", uvicorn.port, timeout=10)
    for _ in range(3):  # on one connection: each has the whole bound
        client.request("GET", "/livez", headers={"X-A": "a" * 50_000})
        answer = client.getresponse()
        answer.read()
        assert answer.status == 200
    client.close()
