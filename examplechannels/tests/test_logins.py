"""Failed logins are limited."""

from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from examplechannels import logins
from examplechannels.limits import Buckets

pytestmark = pytest.mark.django_db
PAGE, ADMIN = "/accounts/login/", "/admin/login/"
PASSWORD = "correct horse 7"


class CountingHasher(MD5PasswordHasher):
    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashed += 1
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def mia(settings: Settings) -> User:
    for buckets in (logins.addresses, logins.names):
        buckets.forget()
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    user = User.objects.create_superuser("mia", password=PASSWORD)
    CountingHasher.hashed = 0
    return user


def fails(*args: object) -> None:
    raise OperationalError("couldn't get a connection after 5.00 sec")


def attempt(password: str = "wrong", name: str = "mia", address: str = "192.0.2.1", page: str = PAGE) -> Any:
    """A login from a browser of its own; 302: it worked."""
    return Client(REMOTE_ADDR=address).post(page, {"username": name, "password": password})


@pytest.mark.parametrize("page", [PAGE, ADMIN])
def test_after_ten_failures_an_address_waits_and_is_told_so(page: str, caplog: pytest.LogCaptureFixture) -> None:
    assert [attempt(page=page, name=f"somebody{n}").status_code for n in range(10)] == [200] * 10
    hashed = CountingHasher.hashed
    answer = attempt(PASSWORD, page=page)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 30
    assert "Too many failed attempts; try again in a minute." in answer.content.decode()
    assert CountingHasher.hashed == hashed == 10
    assert attempt(PASSWORD, address="192.0.2.2", page=page).status_code == 302
    [line] = [record.getMessage() for record in caplog.records if record.name == "examplechannels.logins"]
    assert line == "Logging in was refused to 192.0.2.1: too many failures"


def test_both_pages_count_together() -> None:
    answers = [attempt(page=page).status_code for _ in range(5) for page in (PAGE, ADMIN)]
    assert answers == [200] * 10
    assert attempt(page=PAGE).status_code == attempt(page=ADMIN).status_code == 429


def test_what_succeeds_does_not_count() -> None:
    assert {attempt(PASSWORD).status_code for _ in range(20)} == {302}
    assert [attempt().status_code for _ in range(11)] == [200] * 10 + [429]


def test_an_outage_costs_nobody_an_attempt() -> None:
    with pytest.MonkeyPatch.context() as away:
        away.setattr(ModelBackend, "user_can_authenticate", fails)
        for _ in range(12):
            with pytest.raises(OperationalError):
                attempt(PASSWORD)
    assert attempt(PASSWORD).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_turn_holds_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bool] = []

    class Turn:
        def __enter__(self) -> None:
            held.append(connection.connection is not None)

        def __exit__(self, *raised: object) -> None:
            pass

    monkeypatch.setattr(logins, "_turns", [Turn()] * logins.LOCKS)
    assert connection.connection is not None
    assert authenticate(username="mia", password=PASSWORD)
    assert held == [False]


def test_a_good_password_does_not_give_back_what_others_cost() -> None:
    for _ in range(9):
        attempt()
    assert attempt(PASSWORD).status_code == 302
    assert [attempt().status_code for _ in range(2)] == [200, 429]


def test_it_is_over_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(logins, "addresses", Buckets(10, 1 / 30, clock=lambda: now))
    for _ in range(10):
        attempt()
    assert attempt(PASSWORD)["Retry-After"] == "30"
    now += 30
    assert attempt(PASSWORD).status_code == 302


def test_a_network_of_ipv6_is_one_address() -> None:
    for number in range(10):
        attempt(address=f"2001:db8:1:2::{number:x}")
    assert attempt(address="2001:db8:1:2:ffff::1").status_code == 429
    assert attempt(address="2001:db8:1:3::1").status_code == 200


def test_a_name_is_guessed_at_only_so_often_from_everywhere() -> None:
    answers = [attempt(name=("mia", "MIA", "ｍia")[n % 3], address=f"192.0.2.{n}").status_code for n in range(31)]
    assert answers == [200] * 30 + [429]
    assert attempt(PASSWORD, address="198.51.100.1").status_code == 429
    assert attempt(name="sara", address="198.51.100.1").status_code == 200


def test_without_an_address_the_name_alone_counts() -> None:
    assert [attempt(address="").status_code for _ in range(31)] == [200] * 30 + [429]
    assert attempt(name="sara", address="").status_code == 200


@pytest.mark.parametrize("name", ["", "\x00", "m\x00ia", "x" * 10_000, "\u200b", "🐙" * 150])
def test_a_strange_name_is_no_servers_mistake(name: str) -> None:
    assert attempt(name=name).status_code == 200
