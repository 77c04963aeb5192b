import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from threechat.limits import sign_ups

pytestmark = pytest.mark.django_db
URL = "/accounts/signup/"


@pytest.fixture(autouse=True)
def nobody_signed_up_before() -> None:
    sign_ups.forget()


def form(name: str, password: str = "correct horse 7", **more: str) -> dict[str, str]:
    return {"username": name, "password1": password, "password2": password, **more}


def test_who_signs_up_is_logged_in_and_taken_back(client: Client) -> None:
    answer = client.post(URL, form("mia", next="/chat/lobby/"))
    assert answer["Location"] == "/chat/lobby/"
    assert str(client.session["_auth_user_id"]) == str(User.objects.get(username="mia").pk)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_leads_nowhere_else(client: Client, target: str) -> None:
    assert client.post(URL, form("mia", next=target))["Location"] == "/"


def test_a_target_that_is_no_path_of_ours_is_no_servers_mistake(client: Client) -> None:
    assert client.post(URL, form("mia", next="lobby"))["Location"] == "lobby"


@pytest.mark.parametrize(
    "name", ["sara", "SARA", "ѕara", "s\u0430ra", "server", "telemetry.", "<b>", "a b", "", "x" * 151]
)
def test_a_name_that_looks_like_anothers_is_refused(client: Client, name: str) -> None:
    User.objects.create_user("sara")
    answer = client.post(URL, form(name))
    assert answer.status_code == 200
    assert answer.context["form"].errors["username"]
    assert User.objects.count() == 1


def test_a_weak_password_is_refused(client: Client) -> None:
    assert client.post(URL, form("mia", "12345678")).context["form"].errors
    assert not User.objects.exists()


def test_an_address_makes_only_so_many(client: Client) -> None:
    answers = [client.post(URL, form(f"x{number}", "1")).status_code for number in range(21)]
    assert answers == [200] * 20 + [429]


def test_who_comes_without_an_address_is_not_counted_as_one() -> None:
    client = Client(REMOTE_ADDR="")
    assert {client.post(URL, form(f"x{number}", "1")).status_code for number in range(25)} == {200}


def test_where_it_is_not_offered_it_is_not_there(client: Client, settings: Settings) -> None:
    settings.SIGN_UP = False
    assert client.get(URL).status_code == client.post(URL, form("mia")).status_code == 404
    assert not User.objects.exists()


def test_it_needs_the_csrf_token() -> None:
    assert Client(enforce_csrf_checks=True).post(URL, form("mia")).status_code == 403
