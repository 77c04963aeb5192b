import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError
from psycopg import OperationalError as PostgresOperationalError
from psycopg.errors import UndefinedTable

from examplechannels import environment
from manage import main as command_line
from tests.servers import ROOT, free_port, manage, new_folder


def test_a_secret_key_is_made_once_and_kept_to_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    key = environment.secret_key(tmp_path)
    assert len(key) > 50
    assert environment.secret_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    monkeypatch.setenv("SECRET_KEY", "mine")
    assert environment.secret_key(tmp_path) == "mine"


@pytest.mark.parametrize(("text", "value"), [("1", True), ("yes", True), ("0", False), ("OFF", False), ("", True)])
def test_a_flag_is_on_or_off(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv("DEBUG", text)
    assert environment.flag("DEBUG", default=True) is value


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DEBUG", "maybe", "neither 1 nor 0"),
        ("FANOUT", "magic", "none of: broadcast, channels"),
        ("REDIS_URL", "localhost:6379", "no URL such as redis://"),
        ("REDIS_URL", "redis://localhost:notaport", "no URL such as redis://"),
        ("REDIS_URL", "redis://[::1", "no URL such as redis://"),
        ("REDIS_URL", "redis://me:12/geheim@localhost", "no URL such as redis://"),
        ("REDIS_URL", "redis://me:12?geheim@localhost", "no URL such as redis://"),
        ("REDIS_URL", "redis://me:12#geheim@localhost", "no URL such as redis://"),
        ("REDIS_URL", "unix://me:12/geheim@/run/redis.sock", "no URL such as redis://"),
        ("CSRF_TRUSTED_ORIGINS", "http://[", "no origin such as https://"),
        ("CSRF_TRUSTED_ORIGINS", "http://a:b", "no origin such as https://"),
        ("DATABASE_URL", "nonsense", "no URL such as postgres://"),
        ("DATABASE_URL", "postgres://me:12/geheim@localhost/name", "no URL such as postgres://"),
        ("DATABASE_URL", "postgres://me:12?geheim@localhost/name", "no URL such as postgres://"),
        ("DATABASE_URL", "postgres://me:12#geheim@localhost/name", "no URL such as postgres://"),
        ("DATABASE_URL", "mongo://x/y", "no URL such as postgres://"),
        ("CSRF_TRUSTED_ORIGINS", "example.com", "no origin such as https://"),
        ("DATA_DIR", "/dev/null/x", "cannot be used"),
        ("DATA_DIR", "/proc", "cannot be used"),
        ("MEDIA_ACCEL", "protected", "no path such as /protected-media/"),
    ],
)
def test_a_bad_value_is_one_clear_line(name: str, value: str, says: str) -> None:
    done = manage("check", **{"DATA_DIR": str(new_folder()), name: value})
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert name in done.stderr
    assert says in done.stderr
    assert "geheim" not in done.stderr


def test_a_database_that_does_not_answer_is_one_clear_line_without_its_password() -> None:
    place = f"127.0.0.1:{free_port()}/name"
    done = manage("migrate", DATA_DIR=str(new_folder()), DATABASE_URL=f"postgres://me:geheim@{place}")
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"DATABASE_URL: postgres://{place} does not answer" in done.stderr
    assert "geheim" not in done.stderr


@pytest.mark.parametrize(
    ("error", "cause", "advice"),
    [
        (OperationalError("no such table: auth_user"), None, "Run `manage.py migrate`."),
        (ProgrammingError('relation "auth_user" does not exist'), UndefinedTable(), "Run `manage.py migrate`."),
        (OperationalError('FATAL:  database "x" does not exist'), PostgresOperationalError(), "does not answer"),
        (OperationalError('FATAL:  role "x" does not exist'), PostgresOperationalError(), "does not answer"),
    ],
)
def test_only_a_database_without_tables_is_to_be_migrated(
    error: Exception, cause: Exception | None, advice: str
) -> None:
    error.__cause__ = cause
    assert environment.is_without_tables(error) == ("migrate" in advice)
    assert advice in environment.database_trouble(error)
    assert ("migrate" in environment.database_trouble(error)) == ("migrate" in advice)


@pytest.mark.parametrize(
    ("error", "cause", "ends_as"),
    [
        (ProgrammingError('relation "auth_user" does not exist'), UndefinedTable(), SystemExit),
        (ProgrammingError("syntax error"), None, ProgrammingError),
    ],
)
def test_the_command_line_tells_in_one_line_of_missing_tables_and_of_no_other_bad_sql(
    error: Exception, cause: Exception | None, ends_as: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_arguments: list[str]) -> None:
        raise error from cause

    monkeypatch.setattr("django.core.management.execute_from_command_line", fail)
    monkeypatch.setattr("examplechannels.database.keep_own_connection", lambda: None)
    with pytest.raises(ends_as):
        command_line()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A DATA_DIR whose static files are collected."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "staticfiles.json").write_text("{}")
    return tmp_path


SERVERS = [["runserver"], ["serve", "--port"]]  # and a port; runserver with its reloader, as `make run`


@pytest.mark.parametrize("command", SERVERS)
def test_a_redis_that_does_not_answer_is_one_clear_line_without_its_password(folder: Path, command: list[str]) -> None:
    url = f"redis://:geheim@127.0.0.1:{free_port()}/0"
    done = manage(*command, str(free_port()), DATA_DIR=str(folder), REDIS_URL=url)
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Start it, or unset REDIS_URL." in done.stderr
    assert "geheim" not in done.stderr


@pytest.mark.parametrize("command", SERVERS)
def test_a_port_in_use_is_one_clear_line(folder: Path, command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = manage(*command, port, DATA_DIR=str(folder))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert "Try another port" in done.stderr


def test_a_host_that_is_not_this_machine_is_one_clear_line(folder: Path) -> None:
    done = manage("serve", "--host", "192.0.2.1", DATA_DIR=str(folder))  # RFC 5737: nobody's
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "It is no address of this machine." in done.stderr


def test_sqlite_is_durable_and_lets_readers_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    options = environment.database(tmp_path)["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"  # type: ignore[index]
    done = manage(
        "shell",
        "-c",
        "from django.db import connection as c; k = c.cursor(); "
        "print([k.execute('PRAGMA ' + p).fetchone()[0] for p in ('journal_mode', 'synchronous', 'busy_timeout')])",
        DATA_DIR=str(tmp_path),
    )
    assert "['wal', 2, 20000]" in done.stdout


def test_a_url_with_options_of_postgresql_keeps_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://me@db/name?options=-c%20search_path%3Dchannels&connect_timeout=9")
    options: Any = environment.database(tmp_path)["OPTIONS"]
    assert options["options"] == "-c idle_in_transaction_session_timeout=5s -c search_path=channels"
    assert int(options["connect_timeout"]) == 9


@pytest.mark.parametrize(("command", "is_on"), [("runserver", True), ("serve", False), ("shell", False)])
def test_debug_is_on_under_runserver_alone(tmp_path: Path, command: str, is_on: bool) -> None:
    code = "from django.conf import settings; print(settings.DEBUG)"
    env = {"DEBUG": "", "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "examplechannels.settings"}
    told = subprocess.check_output([sys.executable, "-c", code, command], cwd=ROOT, env=os.environ | env, text=True)
    assert told == f"{is_on}\n"


def test_an_unset_value_is_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    assert environment.words("ALLOWED_HOSTS", ["localhost"]) == ["localhost"]
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example, b.example,")
    assert environment.words("ALLOWED_HOSTS", ["localhost"]) == ["a.example", "b.example"]


@pytest.mark.parametrize("wrong", ["https://example.com", "example.com:443", "example.com,127.0.0.1:8000"])
def test_hosts_have_no_scheme_and_no_port(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", wrong)
    with pytest.raises(ImproperlyConfigured, match="is no host such as"):
        environment.hosts("ALLOWED_HOSTS", [])


@pytest.mark.parametrize("right", ["example.com", ".example.com", "[::1]", "[2001:db8::1]", "127.0.0.1", "*"])
def test_hosts_are_names_and_addresses(monkeypatch: pytest.MonkeyPatch, right: str) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", right)
    assert environment.hosts("ALLOWED_HOSTS", []) == [right]
