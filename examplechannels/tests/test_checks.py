"""What `check --deploy` says of a site, and of a good one nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import Tags, run_checks
from pytest_django import Settings

from examplechannels import checks, environment
from tests.servers import manage, new_folder

PRODUCTION = {
    "HTTPS": "1",
    "ALLOWED_HOSTS": "example.com,www.example.com",
    "SECRET_KEY": "a-key-of-many-signs-that-nobody-guesses-0123456789-abcdefg",
    "DATABASE_URL": "postgres://site:secret@db.example.com/site",
    "REDIS_URL": "redis://:secret@cache.example.com:6379/0",
    "WORKERS": "4",
}


async def unguarded(scope: Any, receive: Any, send: Any) -> None:
    """An application without the origin rule."""
    await receive()
    await send({"type": "websocket.accept"})


Break = Callable[[Settings, pytest.MonkeyPatch], Any]


def test_nothing_is_said_of_the_documented_production_environment() -> None:
    done = manage("check", "--deploy", "--fail-level", "INFO", DATA_DIR=str(new_folder()), **PRODUCTION)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_a_key_of_our_own_making_is_good_enough(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    key = environment.secret_key(tmp_path)
    done = manage("check", "--deploy", DATA_DIR=str(new_folder()), **{**PRODUCTION, "SECRET_KEY": key})
    assert "no issues" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"DEBUG": "1"}, {"security.W018"}),
        ({"HTTPS": "0"}, {"security.W004", "security.W008", "security.W012", "security.W016"}),
        ({"SECRET_KEY": "short"}, {"security.W009"}),
        ({"HSTS_SECONDS": "0"}, {"security.W004"}),
    ],
)
def test_djangos_checks_say_the_rest(change: dict[str, str], says: set[str]) -> None:
    done = manage("check", "--deploy", DATA_DIR=str(new_folder()), **{**PRODUCTION, **change})
    assert {word.strip("()") for word in done.stderr.split() if word.startswith("(security.")} == says


def said() -> set[str]:
    messages = run_checks(tags=[Tags.security], include_deployment_checks=True)
    ours = [message for message in messages if str(message.id).startswith("examplechannels.")]
    for message in ours:
        assert "\n" not in message.msg
        assert message.hint
    return {str(message.id) for message in ours}


@pytest.fixture
def good(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLOWED_HOSTS = ["example.com"]
    settings.REDIS_URL = PRODUCTION["REDIS_URL"]
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    monkeypatch.setenv("SECRET_KEY", PRODUCTION["SECRET_KEY"])
    monkeypatch.setenv("WORKERS", "4")
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)


def no_redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = ""


def sqlite(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")


def any_host(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLOWED_HOSTS = ["*"]


def any_origin(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.com"]


def old_daphne(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "version", lambda name: "4.2.2")


def key_in_a_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY")


def sign_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LOGIN_REQUIRED = settings.SIGN_UP = True


def no_origin_rule(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ASGI_APPLICATION = f"{__name__}.unguarded"


@pytest.mark.parametrize(
    ("break_it", "number"),
    [
        (no_redis, "W001"),
        (sqlite, "W002"),
        (any_host, "W003"),
        (any_origin, "W004"),
        (old_daphne, "W005"),
        (key_in_a_file, "W006"),
        (sign_up, "I007"),
        (no_origin_rule, "W008"),
    ],
)
def test_each_check_says_what_is_wrong(
    good: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, break_it: Break, number: str
) -> None:
    assert said() == set()
    break_it(settings, monkeypatch)
    assert said() == {f"examplechannels.{number}"}


@pytest.mark.parametrize("url", ["redis://localhost:6379/0", "redis://127.0.0.1/0", "redis://[::1]/0", "unix:///run/r"])
def test_a_redis_of_this_host_means_one_host(
    good: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    sqlite(settings, monkeypatch)
    key_in_a_file(settings, monkeypatch)
    settings.REDIS_URL = url
    assert said() == set()


@pytest.mark.parametrize(
    ("origin", "is_few"),
    [("https://*.example.com", True), ("https://*.localhost:8000", True), ("https://*.lan:8000", False)],
)
def test_a_wildcard_for_a_domain_of_ones_own_is_fine(good: None, settings: Settings, origin: str, is_few: bool) -> None:
    settings.CSRF_TRUSTED_ORIGINS = [origin]
    assert (said() == set()) is is_few
