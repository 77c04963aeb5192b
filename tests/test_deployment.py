"""docs/deployment.md is run as it stands: nginx, two workers behind systemd's sockets, PostgreSQL, Valkey."""

import asyncio
import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import websockets
from django.conf import settings

from tests import nginx, postgres
from tests.deployed import SERVICE, Deployed, files, unit
from tests.ledger import Ledger
from tests.servers import manage, running, wait_until
from tests.visitor import Visitor
from tests.writing_device import Repeated, WritingDevice
from threechat.media.door import BURST_UPLOADS, FORM_BYTES
from threechat.media.views import PLAYER_POLICY
from threechat.tests.samples import picture, video

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(
        (nginx.find() is None or postgres.find() is None) and not os.environ.get("CI"),
        reason="there is no nginx, or no initdb",
    ),
]
MB = 1024 * 1024
SERVICE_RESTART = 1012
WAIT_SECONDS = 5


@pytest.fixture(scope="module")
def site() -> Iterator[Deployed]:
    site = Deployed()
    with running(site):
        yield site


def connect(site: Deployed, path: str = "/ws/one/", **options: Any) -> Any:
    return websockets.connect(
        f"wss://localhost:{site.https}{path}", ssl=site.tls, proxy=None, **{"origin": site.visitor().origin, **options}
    )


def test_pages_come_over_https(site: Deployed) -> None:
    page = site.visitor().ask("/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for name in ("content-security-policy", "strict-transport-security", "x-frame-options", "referrer-policy"):
        assert name in page.headers
    assert "server" not in page.headers or page.headers["server"] == "nginx"


def test_the_checks_say_nothing(site: Deployed) -> None:
    done = manage("check", "--deploy", "--fail-level", "INFO", **site.environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "no issues (" in done.stdout


def test_http_leads_to_https(site: Deployed) -> None:
    answer = Visitor(site.http).ask("/two/?window=1h")
    assert (answer.status, answer.headers["location"]) == (301, "https://localhost/two/?window=1h")


def test_who_calls_it_by_another_name_gets_nothing(site: Deployed) -> None:
    assert Visitor(site.http).ask("/", Host="evil.example").status == 0
    stranger = ssl.create_default_context()
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
    for name in ("evil.example", None):  # the latter: none at all
        with socket.create_connection(("127.0.0.1", site.https)) as plain, pytest.raises(ssl.SSLError):
            stranger.wrap_socket(plain, server_hostname=name)
    with socket.create_connection(("127.0.0.1", site.https)) as plain:
        stranger.wrap_socket(plain, server_hostname="localhost").close()


async def test_a_socket_opens_from_our_own_pages_and_from_no_others(site: Deployed) -> None:
    async with connect(site) as client:
        assert json.loads(await asyncio.wait_for(client.recv(), 5))["message"]
    async with connect(site, origin=None) as client:  # a script
        assert await asyncio.wait_for(client.recv(), 5)
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with connect(site, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403


async def test_both_workers_have_sockets(site: Deployed) -> None:
    clients = [await connect(site, "/ws/chat/both/") for _ in range(8)]
    await clients[0].send('{"message": "to all"}')
    assert {json.loads(await asyncio.wait_for(client.recv(), 5))["message"] for client in clients} == {"to all"}
    for client in clients:
        await client.close()
    lines = logged(site, 8, path="/ws/chat/both/")
    assert len({line["worker"] for line in lines}) == 2


def log(site: Deployed) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (site.folder / "log" / "examplechannels.log").read_text().splitlines()]


def logged(site: Deployed, count: int, **fields: Any) -> list[dict[str, Any]]:
    """The lines of nginx's log with these fields, once there are so many: they are written after the answer."""

    def found() -> list[dict[str, Any]]:
        return [line for line in log(site) if fields.items() <= line.items()]

    wait_until(lambda: len(found()) >= count, WAIT_SECONDS, f"{fields} in {log(site)[-5:]}")
    return found()


def test_no_query_is_logged(site: Deployed) -> None:
    site.visitor().ask("/two/?view=a-token", Referer="https://localhost/two/?view=a-token")
    assert logged(site, 1, path="/two/")[-1]["status"] == 200
    assert "a-token" not in (site.folder / "log" / "examplechannels.log").read_text()


def test_no_invitation_is_logged(site: Deployed) -> None:
    code = "an-invitation-of-24-char"
    site.visitor().ask(f"/chat/join/{code}/?x")
    assert logged(site, 1, path="/chat/join/…/")[-1]["worker"]
    assert site.visitor().ask("/chat/join/").status == 200  # a room of that name has its pages
    logged(site, 1, path="/chat/join/")
    assert code not in (site.folder / "log" / "examplechannels.log").read_text()


def static_address(site: Deployed, ending: str) -> str:
    found = re.findall(rf'"(/static/[^"]+\.[0-9a-f]{{12}}\.{ending})"', site.visitor().ask("/").body.decode())
    return str(found[0])


def test_static_files_come_from_nginx_small_and_for_ever(site: Deployed) -> None:
    answer = site.visitor().ask(static_address(site, "css"), Accept_Encoding="gzip")
    assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
    assert answer.body.startswith(b"\x1f\x8b")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    script = site.visitor().ask(static_address(site, "js"))
    assert script.headers["content-type"] == "application/javascript"
    plain = site.visitor().ask("/static/staticfiles.json")
    assert plain.headers["cache-control"] == "public, max-age=60"
    logged(site, 1, path="/static/staticfiles.json", worker="")
    assert {line["worker"] for line in log(site) if line["path"].startswith("/static/")} == {""}


def test_a_file_goes_up_and_comes_down_in_ranges_without_a_worker(site: Deployed) -> None:
    person, content = site.visitor(), video(6 * MB)
    sent = person.upload("files", content)
    assert sent.status == 201, sent.body
    url = json.loads(sent.body)["message"]
    whole = person.ask(url)
    assert (whole.status, whole.body == content, whole.headers["content-type"]) == (200, True, "video/webm")
    expected = {
        "content-security-policy": PLAYER_POLICY,
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-cache",
        "cross-origin-resource-policy": "same-origin",
        "accept-ranges": "bytes",
        "etag": f'"{url.rpartition("/")[2]}"',
    }
    assert expected.items() <= whole.headers.items()
    assert whole.headers["content-disposition"].startswith("inline")
    assert {"x-frame-options", "referrer-policy", "strict-transport-security"} <= whole.headers.keys()
    assert not {"x-accel-redirect", "last-modified"} & whole.headers.keys()
    part = person.ask(url, Range="bytes=3000000-3000009")
    assert (part.status, part.body) == (206, content[3_000_000:3_000_010])
    assert part.headers["content-range"] == f"bytes 3000000-3000009/{len(content)}"
    assert part.headers["content-security-policy"] == PLAYER_POLICY
    head = person.ask(url, "HEAD")
    assert (head.status, head.headers["content-length"], head.body) == (200, str(len(content)), b"")
    etag = whole.headers["etag"]
    assert person.ask(url, Range="bytes=0-1", If_Range=etag).status == 206
    assert person.ask(url, Range="bytes=0-1", If_Range='"another"').status == 200
    beyond = person.ask(url, Range=f"bytes={len(content)}-")
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(content)}")
    unchanged = person.ask(url, If_None_Match=etag)
    assert (unchanged.status, unchanged.headers["etag"], unchanged.body) == (304, etag, b"")


def test_a_members_file_is_not_there_for_others_nor_by_its_place(site: Deployed) -> None:
    code = (
        "from django.contrib.auth.models import User; from django.test import Client;"
        "from threechat.models import Room;"
        "Room.objects.create(name='members', members_only=True);"
        "client = Client(); client.force_login(User.objects.create_user('sofia', is_staff=True));"
        "print(client.cookies[next(iter(client.cookies))].value)"
    )
    done = manage("shell", "-v0", "-c", code, **site.environment)
    assert done.returncode == 0, done.stderr
    staff, outsider = site.visitor(), site.visitor()
    staff.ask("/accounts/login/")
    session = next((name for name in ("__Host-sessionid", "__Secure-sessionid") if name in staff.cookies), "sessionid")
    staff.cookies[session] = done.stdout.split()[-1]
    sent = staff.upload("members", picture(), "a.png")
    assert sent.status == 201, sent.body
    url = json.loads(sent.body)["message"]
    assert staff.ask(url).status == 200
    assert outsider.ask(url).status == 404
    name = url.rpartition("/")[2]
    assert staff.ask(f"/protected-media/{name[:2]}/{name}").status == 404


def test_a_body_that_is_too_big_is_refused_before_it_is_taken(site: Deployed) -> None:
    for path, answer in {
        "/two/readings/": site.visitor().ask("/two/readings/", "POST", bytes(settings.MAX_BODY_BYTES + 1)),
        "/chat/files/media/": site.visitor().upload("files", video(settings.MAX_UPLOAD_BYTES + FORM_BYTES)),
    }.items():
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (413, "too-big")
        assert logged(site, 1, path=path, status=413)[-1]["worker"] == ""
    barely = site.visitor().upload("files", video(settings.MAX_UPLOAD_BYTES + 1))
    assert json.loads(barely.body)["error"]["detail"] == f"A file is at most {settings.MAX_UPLOAD_BYTES} bytes."


def test_numbers_are_for_this_machine_alone(site: Deployed) -> None:
    for path in ("/metrics", "/metrics/", "/metrics-x"):
        assert site.visitor().ask(f"{path}?x").status == 404
        assert logged(site, 1, path=path)[-1]["worker"] == ""


def test_each_workers_numbers_are_there_for_who_has_the_token(site: Deployed) -> None:
    inside = Visitor(site.inside)
    for worker in site.workers:
        path = f"/{worker.number}/metrics"
        assert inside.ask(path).status == 403
        answer = inside.ask(path, Authorization=f"Bearer {site.environment['METRICS_TOKEN']}")
        assert (answer.status, b"examplechannels_workers 1.0" in answer.body) == (200, True)


def test_a_request_has_one_id_in_nginx_and_in_the_worker(site: Deployed) -> None:
    answer = site.visitor().ask("/two/", X_Request_ID="of-my-own")
    assert logged(site, 1, request_id=answer.headers["x-request-id"])[-1]["path"] == "/two/"


def test_an_address_is_the_visitors_own_and_not_what_it_says(site: Deployed) -> None:
    """By the limit of uploads, which counts addresses: one is told to wait, another is not."""
    one, other = site.visitor("127.0.0.2"), site.visitor("127.0.0.3")
    statuses = set()
    for number in range(2 * BURST_UPLOADS + 20):  # each worker counts for itself
        statuses.add(one.ask("/chat/x/media/", "POST", b"x", X_Forwarded_For=f"10.0.0.{number}").status)
    assert statuses == {403, 429}  # without Django's token, until nobody asks for it any more
    assert other.ask("/chat/x/media/", "POST", b"x", X_Forwarded_For="127.0.0.2").status == 403


class Stream(Repeated):
    """Asks for a page."""

    def __init__(self, site: Deployed) -> None:
        super().__init__()
        self._visitor = site.visitor()
        self.statuses: list[int] = []

    def again(self) -> None:
        self.statuses.append(self._visitor.ask("/two/readings/?device=random&seconds=60").status)


async def test_a_restart_closes_a_workers_sockets_with_1012_and_no_page_fails(site: Deployed) -> None:
    clients = [await connect(site, "/ws/two/") for _ in range(20)]
    [token] = re.findall(r"Token: +(\S+)", manage("device", "Boiler", **site.environment).stdout)
    before = site.workers[0].pid
    ends = [asyncio.create_task(client.wait_closed()) for client in clients]
    with Stream(site) as one, Stream(site) as other, WritingDevice(site.visitor(), token) as device:
        restarting = asyncio.create_task(asyncio.to_thread(site.restart, site.workers[0]))
        while not restarting.done():
            async with connect(site, "/ws/two/") as fresh:  # all the time: never refused
                assert json.loads(await asyncio.wait_for(fresh.recv(), 10))
        await restarting
    gone = [client for client, end in zip(clients, ends, strict=True) if end.done()]
    stays = [client for client, end in zip(clients, ends, strict=True) if not end.done()]
    assert 5 <= len(gone) <= 15
    assert {client.close_code for client in gone} == {SERVICE_RESTART}
    for client in stays:
        await client.close()
    asked = one.statuses + other.statuses
    assert len(asked) > 20
    assert set(asked) == {200}
    assert device.refused == []
    query = "SELECT count(*) FROM two_reading JOIN two_metric m ON m.id = metric_id WHERE m.name = 'temperature'"
    assert Ledger(site.postgres.url).rows(query) == [(device.acknowledged,)]
    assert site.workers[0].pid != before


async def test_the_workers_may_do_at_redis_whatever_they_need(site: Deployed) -> None:
    async with connect(site, "/ws/chat/redis/") as one, connect(site, "/ws/two/"):
        await one.send('{"message": "through Redis"}')
        assert json.loads(await asyncio.wait_for(one.recv(), 5))["message"] == "through Redis"
    inside = Visitor(site.inside)
    for worker in site.workers:
        assert inside.ask(f"/{worker.number}/readyz").status == 200
        assert "does not answer" not in worker.output
    with redis.Redis.from_url(site.environment["REDIS_URL"]) as client:
        for command in (("SET", "a", "b"), ("CLIENT", "LIST"), ("CONFIG", "GET", "*"), ("FLUSHALL",)):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)


def test_postgresql_takes_its_settings(site: Deployed) -> None:
    text = files()["/etc/postgresql/15/main/conf.d/examplechannels.conf"]
    with (site.postgres.data / "postgresql.conf").open("a") as file:
        file.write(text)
    # It reads all of them before it tells one.
    binaries = postgres.find()
    assert binaries is not None
    command = [
        str(binaries / "postgres"),
        "-C",
        "max_connections",
        "-D",
        str(site.postgres.data),
    ]  # root may, if -C comes first
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "200\n", "")


def test_a_worker_imports_nothing_of_the_release_after_it(tmp_path: Path) -> None:
    """Python has to find its packages by the folder itself and not by the link, which an upgrade switches."""
    release, link = tmp_path / "releases" / "1", tmp_path / "current"
    venv.create(release / ".venv", symlinks=True)
    link.symlink_to(release)
    for name in (SERVICE, "/etc/systemd/system/examplechannels-mqtt.service"):
        command = shlex.split(unit(name)["ExecStart"][0].replace("/opt/examplechannels", str(tmp_path)))
        command = [*command[: command.index("manage.py")], "-c", "import sys; print(sys.prefix)"]
        done = subprocess.run(command, cwd=link, capture_output=True, text=True, timeout=WAIT_SECONDS, check=True)
        assert done.stdout.strip() == str(release / ".venv")


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd, as in most containers, CI's among them"
)
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    units = []
    for path, text in files().items():
        if path.startswith("/etc/systemd/system/"):
            file = tmp_path / Path(path).name.replace("@.", "@1.")
            # What the unit names is on another machine.
            file.write_text(re.sub(r"(ExecStart=)\S+", r"\1/bin/true", text))
            units.append(str(file))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
