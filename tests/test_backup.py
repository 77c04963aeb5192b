"""The backup and restore of docs/deployment.md, with its scripts, while devices and people write."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from tests import postgres
from tests.deployed import files
from tests.ledger import Ledger
from tests.postgres import Postgres
from tests.servers import ROOT, Server, manage, new_folder, running
from tests.visitor import Visitor
from tests.writing_device import WritingDevice
from threechat.tests.samples import video

pytestmark = pytest.mark.server
SCRIPT_SECONDS = 120
KEPT = ("two_device", "two_metric", "threechat_room", "threechat_message", "threechat_media", "django_session")
ACCOUNT = (
    "from django.contrib.auth.models import User; from django.test import Client;"
    "client = Client(); client.force_login(User.objects.create_user('sofia', is_staff=True));"
    "print(client.cookies['sessionid'].value)"
)


class Place(NamedTuple):
    """Where a site keeps what it has: its folder, and its database, "" for SQLite in the folder."""

    data: Path
    url: str

    @property
    def env(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url, "SECRET_KEY": "the-same-on-both", "HOST_FEED": "0"}

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.url or self.data)

    def run(self, script: str, folder: Path) -> None:
        done = self.outcome(script, folder)
        assert (done.returncode, done.stderr) == (0, "")

    def outcome(self, script: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Of a script of the paper, here."""
        (self.data / "environment").write_text(
            f"DATA_DIR={self.data}\n" + "".join(f"{name}={value}\n" for name, value in self.env.items())
        )
        text = files()[script]
        for old, new in {
            "/etc/examplechannels/environment": f"{self.data}/environment",
            "/usr/bin/python3 -I": sys.executable,
            "runuser -u examplechannels -- ": "",
        }.items():
            text = text.replace(old, new)
        text = re.sub(r"^chown .*\n", "", text, flags=re.MULTILINE)
        return subprocess.run(
            ["sh", "-c", text, script, str(folder)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=SCRIPT_SECONDS,
            check=False,
        )


@pytest.fixture(params=["sqlite", "postgres"])
def places(request: pytest.FixtureRequest) -> Iterator[tuple[Place, Place]]:
    """A site, and where it is brought back."""
    folders = new_folder(), new_folder()
    if request.param == "sqlite":
        yield Place(folders[0], ""), Place(folders[1], "")
        return
    if postgres.find() is None and not os.environ.get("CI"):
        pytest.skip("there is no initdb")
    server = Postgres(new_folder())
    with running(server):
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE restored")
        yield Place(folders[0], server.url), Place(folders[1], server.url.replace("/postgres", "/restored"))


def test_what_was_acknowledged_before_a_backup_is_back_after_a_restore(
    places: tuple[Place, Place], prepared: Path
) -> None:
    site, other = places
    kept = new_folder() / "kept"
    for place in places:
        shutil.copytree(prepared / "static", place.data / "static")
    said_by(site, "migrate", "-v0")
    [token] = re.findall(r"Token: +(\S+)", said_by(site, "device", "Boiler"))
    session = said_by(site, "shell", "-v0", "-c", ACCOUNT).strip()
    server = Server("uvicorn", site.data, None, 1, **site.env)
    with running(server):
        server.wait_until_ready()
        site.run("/usr/local/sbin/examplechannels-backup", kept)  # before anybody has sent a file
        assert not (site.data / "media").exists(), "what root makes is closed to the program"
        person = Visitor(server.port)
        person.cookies["sessionid"] = session
        sent = person.upload("files", content := video(500_000))
        assert sent.status == 201, sent.body
        with WritingDevice(Visitor(server.port), token) as writer:
            writer.wait_for(20)
            before = writer.acknowledged
            site.run("/usr/local/sbin/examplechannels-backup", kept)
            site.run("/usr/local/sbin/examplechannels-backup", kept)  # over the one of yesterday
            writer.wait_for(1)
    rows = counts(site)
    other.run("/usr/local/sbin/examplechannels-restore", kept)
    assert "No migrations to apply" in said_by(other, "migrate")
    after = other.ledger.readings()
    everything = site.ledger.readings()
    assert before <= len(after) <= len(everything) == writer.acknowledged
    assert after.items() <= everything.items()
    other.ledger.assert_rollups_agree()
    assert counts(other) == rows
    again = Server("uvicorn", other.data, None, 1, **other.env)
    with running(again):
        again.wait_until_ready()
        person = Visitor(again.port)
        person.cookies["sessionid"] = session
        assert b"sofia" in person.ask("/chat/files/").body
        page = person.ask("/chat/files/messages/")
        [message] = json.loads(page.body)["messages"]
        file = person.ask(message["message"])
        assert (file.status, file.body) == (200, content)
        with WritingDevice(Visitor(again.port), token) as late:
            late.wait_for(3)


def test_a_restore_that_finds_no_backup_changes_nothing(places: tuple[Place, Place]) -> None:
    site, _other = places
    (site.data / "db.sqlite3").write_text("readings")
    (site.data / "db.sqlite3-wal").write_text("committed last")
    done = site.outcome("/usr/local/sbin/examplechannels-restore", new_folder())
    assert done.returncode == 1
    assert "there is no " in done.stderr
    assert "nothing was changed" in done.stderr
    assert (site.data / "db.sqlite3").read_text() == "readings"
    assert (site.data / "db.sqlite3-wal").read_text() == "committed last"


def test_a_key_that_was_made_once_is_kept_too(tmp_path: Path) -> None:
    site, other = Place(tmp_path / "site", ""), Place(tmp_path / "other", "")
    for place in (site, other):
        place.data.mkdir()
    said_by(site, "migrate", "-v0")
    (site.data / "secret_key").write_text("made once")
    site.run("/usr/local/sbin/examplechannels-backup", tmp_path / "kept")
    other.run("/usr/local/sbin/examplechannels-restore", tmp_path / "kept")
    assert (other.data / "secret_key").read_text() == "made once"


def said_by(place: Place, *command: str) -> str:
    done = manage(*command, DATA_DIR=str(place.data), **place.env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def counts(place: Place) -> dict[str, Any]:
    return {table: place.ledger.rows(f"SELECT count(*) FROM {table}") for table in KEPT}
