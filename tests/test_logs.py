"""What the log of a really started server holds: every request and socket, and nobody's secret."""

import base64
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.forms import MULTIPART, file_form
from tests.servers import Server, manage, new_folder, prepare, running, wait_until
from tests.test_uploads import Person

pytestmark = pytest.mark.server
WAIT_SECONDS = 5
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NAMES = ["view", "password", "wrong", "chat", "file", "content", "invitation", "cookie", "bearer", "p", "id"]
ACCOUNT = """
from django.contrib.auth.models import User
User.objects.create_user("mia", password={password!r}, is_staff=True)
"""


class Site:
    """A server on a database of its own, and secrets to look for."""

    def __init__(self, kind: str) -> None:
        self.folder = new_folder()
        prepare(self.folder)
        self.secrets = {name: f"geheim-{name}-7Q" for name in NAMES}
        told = manage("device", "boiler", DATA_DIR=str(self.folder)).stdout
        self.secrets["device_token"] = re.findall(r"Token:\s+(\S+)", told)[0]
        told = manage("token", "view", "Wall", DATA_DIR=str(self.folder)).stdout
        self.secrets["view_token"] = re.findall(r"Token:\s+(\S+)", told)[0]
        code = ACCOUNT.format(password=self.secrets["password"])
        assert manage("shell", "-v0", "-c", code, DATA_DIR=str(self.folder)).returncode == 0
        self.server = Server(kind, self.folder, HOST_FEED="0").wait_until_ready()

    def break_it(self) -> None:
        """Takes tables from under the running server: from now on most of what is asked raises."""
        with sqlite3.connect(self.folder / "db.sqlite3", timeout=20) as database:
            database.execute("PRAGMA foreign_keys=OFF")
            for table in ("threechat_message", "two_reading", "two_accesstoken", "auth_user"):
                database.execute(f"DROP TABLE {table}")
        database.close()

    def send_all(self) -> None:
        """Every secret through every way in."""
        secret, server = self.secrets, self.server
        person = Person(server)
        person.cookies["sessionid"] = secret["cookie"]
        for token in (secret["view"], secret["view_token"]):
            for path in ("/two/", "/two/readings/", "/nowhere/", "/accounts/login/", "/one/"):
                person.request("GET", f"{path}?view={token}")
            self._socket(f"/ws/two/?view={token}&device=*")
            self._socket(f"/ws/nowhere/?view={token}")
        for password in (secret["password"], secret["wrong"]):
            body = f"username=mia&password={password}&csrfmiddlewaretoken={person.cookies['csrftoken']}"
            person.request("POST", "/accounts/login/", body, **FORM)
            person.request("POST", "/accounts/login/", body.partition("&csrf")[0], **FORM)  # without Django's token
            self.secrets["session"] = person.cookies.get("sessionid") or secret["cookie"]
        person.request("GET", f"/chat/join/{secret['invitation']}/")
        person.request("GET", "/two/", **{"X-Request-ID": secret["id"]})
        self._devices(person)
        self._chat(person)

    def _devices(self, person: Person) -> None:
        secret = self.secrets
        for token in (secret["bearer"], secret["device_token"]):
            basic = base64.b64encode(f"any:{token}".encode()).decode()
            secret["basic"] = basic
            for header in (f"Bearer {token}", f"Token {token}", f"Basic {basic}", token):
                for body in ('{"temperature": 21.5}', "{broken", '{"temperature": "x"}'):
                    person.request("POST", "/two/readings/", body, Authorization=header)
                person.request("POST", "/api/v2/write", "m f=1", Authorization=header)
            for given in (token, secret["p"]):
                person.request("POST", f"/write?db=x&u=any&p={given}", "m f=1")
                person.request("POST", f"/write?p={given}&precision=nonsense", "broken")
            self._socket("/ws/two/ingest/", '{"temperature": 1}', Authorization=f"Bearer {token}")
            self._socket("/ws/two/ingest/", json.dumps({"token": token}), '{"temperature": 1}', "{broken")

    def _chat(self, person: Person) -> None:
        text = self.secrets["chat"]
        cookie = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
        for frame in (json.dumps({"message": text}), "{" + text, json.dumps({"message": text + "\ud800\0"})):
            self._socket("/ws/chat/room1/?events=all", frame, Cookie=cookie, Origin=self.server.url)
        self._socket("/ws/chat/room1/", Cookie=cookie, Origin="http://evil.example")
        whole = file_form(self.secrets["content"].encode(), self.secrets["file"] + ".webm")
        for body in (whole, whole[:-20], whole.replace(b"form-data", b"form" + self.secrets["file"].encode())):
            token = {"X-CSRFToken": person.cookies.get("csrftoken", "")}
            person.request("POST", "/chat/files/media/", body, **MULTIPART, **token)

    def _socket(self, path: str, *frames: str, Origin: Any = None, **headers: str) -> None:  # noqa: N803
        try:
            with connect(self.server.ws + path, origin=Origin, additional_headers=headers) as client:
                for frame in frames:
                    client.send(frame)
                client.recv(timeout=0.1)
        except (InvalidStatus, ConnectionClosed, TimeoutError):
            pass


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    site = Site(request.param)
    with running(site.server):
        yield site


def test_no_secret_is_in_the_log_whatever_breaks(site: Site) -> None:
    site.send_all()
    site.break_it()
    site.send_all()
    log = site.server.output
    assert "no such table" in log
    assert "Traceback" in log, "nothing has broken: this test has seen nothing"
    assert {name: value for name, value in site.secrets.items() if value in log} == {}


def lines_of(server: Server) -> list[dict[str, Any]]:
    """What is logged, parsed; raises for a line that is no JSON."""
    whole = [line for line in server.output.splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in whole if not line.startswith(("Serving http", "Another process"))]


def wait_for(server: Server, **fields: Any) -> dict[str, Any]:
    """The line with these fields."""

    def found() -> list[dict[str, Any]]:
        return [line for line in lines_of(server) if line.items() >= fields.items()]

    wait_until(lambda: bool(found()), WAIT_SECONDS, f"no line with {fields}")
    return found()[-1]


def test_serve_logs_one_json_object_a_line(prepared: Path) -> None:
    server = Server("uvicorn", prepared, HOST_FEED="0")
    with running(server):
        server.wait_until_ready()
        server.get("/nowhere/?secret=7")
        told = wait_for(server, path="/nowhere/", status=404)
        django = wait_for(server, logger="django.request", message="Not Found: /nowhere/")
        assert django["request_id"] == told["request_id"], "one request has one id"
        assert told["method"] == "GET"
        assert told["address"] == "127.0.0.1"
        with connect(f"{server.ws}/ws/two/?device=*") as client:
            identity = client.response.headers["X-Request-ID"]  # type: ignore[union-attr]
            client.recv()
        closed = wait_for(server, event="closed", app="two")
        assert (closed["request_id"], closed["code"]) == (identity, 1000)
        assert closed["seconds"] < WAIT_SECONDS
    assert not [line for line in lines_of(server) if "?" in line["message"] or line.get("path") == "/readyz"]


def test_below_its_level_nothing_is_logged(prepared: Path) -> None:
    server = Server("uvicorn", prepared, HOST_FEED="0", LOG_LEVEL="ERROR")
    with running(server):
        server.wait_until_ready()
        server.get("/nowhere/")
        with connect(f"{server.ws}/ws/two/"):
            pass
    assert lines_of(server) == []


def test_in_development_each_event_is_one_readable_line(prepared: Path) -> None:
    server = Server("daphne", prepared, HOST_FEED="0")
    with running(server):
        server.wait_until_ready()
        server.get("/learn/one/?secret=7")
        with connect(f"{server.ws}/ws/two/?secret=7"):
            pass
        wait_until(lambda: "DISCONNECT /ws/two/" in server.output, WAIT_SECONDS, "no disconnect")
    for event in ("HTTP GET /learn/one/ 200", "HANDSHAKING /ws/two/ ", "CONNECT /ws/two/ ", "DISCONNECT /ws/two/ "):
        assert len(re.findall(rf"(?<!DIS){event}", server.output)) == 1, event
    assert "secret" not in server.output
    assert "access_log" not in server.output
    assert time.strftime("%Y-%m-") in server.output
