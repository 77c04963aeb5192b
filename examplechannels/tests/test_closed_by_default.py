"""LOGIN_REQUIRED=1: every page and every socket there is asks to log in, but for those listed here."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from examplechannels.asgi import pages, sockets
from tests.sockets import socket
from threechat.models import Room
from two.models import Device

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("login_required")]

OPEN = {
    "/accounts/login/",
    "/accounts/signup/",
    "/admin/login/",
    "/favicon.ico",
    "/i18n/catalog.js",
    "/i18n/setlang/",
    "/livez",
    "/metrics",  # to this machine, or who brings METRICS_TOKEN
    "/readyz",
}
BY_TOKEN = {"/two/readings/", "/two/readings", "/api/v2/write", "/write"}  # POST: the view looks at a device's token
SAMPLES = {"code": "c" * 24, "app_label": "auth", "url": "nowhere/", "int": "1"}


def sample_of(pattern: Any) -> str:
    """An address that the pattern matches."""
    text = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda found: SAMPLES[found[1]], str(pattern)).strip("^$")
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES.get(found[1], "x"), text)


def addresses(patterns: Iterable[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    for pattern in patterns:
        address = before + sample_of(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, address)
        else:
            yield address


ADDRESSES = sorted(set(addresses(get_resolver().url_patterns)))


def test_the_list_is_whole() -> None:
    assert len(ADDRESSES) > 60
    assert set(ADDRESSES) >= OPEN | BY_TOKEN | {"/", "/chat/media/x", "/learn/x/", "/admin/", "/admin/auth/user/"}
    for address in ADDRESSES:
        resolve(address)


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
@pytest.mark.parametrize("method", ["get", "head", "post", "put", "delete", "options"])
def test_every_address_asks_to_log_in(client: Client, method: str, accept: str) -> None:
    for address in sorted(set(ADDRESSES) - OPEN):
        answer = getattr(client, method)(address, headers={"Accept": accept})
        where = (method, address, answer.status_code)
        if answer.status_code == 302:
            assert re.match(r"/(accounts|admin)/login/\?next=", answer["Location"]), where
        else:
            assert answer.status_code == 401, where
            by_token = method == "post" and address in BY_TOKEN
            assert by_token or method == "head" or answer.json()["error"]["code"] == "log-in", where


def test_what_is_open_shows_nothing_of_the_site(client: Client) -> None:
    User.objects.create_user("geheim-mia")
    Device.objects.create(slug="geheim-boiler", name="geheim-boiler")
    Room.objects.create(name="geheim-room")
    for address in sorted(OPEN):
        answer = client.get(address)
        assert answer.status_code in {200, 302, 404}, address  # 404: signing up is not offered
        assert b"geheim" not in answer.content, address


def socket_paths() -> list[str]:
    return [f"/{sample_of(route.pattern)}" for route in pages.routes if str(route.pattern)]


def test_every_socket_is_among_the_pages_but_the_devices() -> None:
    assert [str(route.pattern) for route in sockets.routes] == ["ws/two/ingest/", ""]
    assert len(socket_paths()) >= 7


@pytest.mark.parametrize("query", ["", "?events=all", "?view=wrong", "?device=*"])
@pytest.mark.parametrize("path", socket_paths())
async def test_every_socket_asks_to_log_in(path: str, query: str) -> None:
    client = socket(path + query)
    assert (await client.connect(timeout=5))[0]
    assert await client.receive_output(timeout=5) == {"type": "websocket.close", "code": 4401}
    await client.disconnect()
