"""LOGIN_REQUIRED=1: who may look."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from django.utils import timezone
from pytest_django import Settings

from examplechannels import visitors
from tests.sockets import HOST, opened, socket
from two.devices import add_device
from two.models import AccessToken

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ["/", "/one/", "/two/", "/chat/", "/chat/room1/", "/learn/one/"]
DATA = ["/two/readings/", "/two/devices/", "/two/version/"]


@pytest.fixture(autouse=True)
def login_required(settings: Settings) -> None:
    settings.LOGIN_REQUIRED = True
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "examplechannels.visitors.LookMiddleware"]


def view_token() -> str:
    return AccessToken.issue(AccessToken.Scope.VIEW, label="Wall")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_to_log_in(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={path}")
    client.force_login(User.objects.create_user("mia"))
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", DATA)
def test_data_are_refused_in_json(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "log-in")


def test_what_probes_devices_and_the_login_need_is_open(client: Client) -> None:
    for path in ("/livez", "/readyz", "/accounts/login/", "/i18n/catalog.js", "/favicon.ico", "/admin/login/"):
        assert client.get(path).status_code in {200, 302}, path
        assert "/accounts/login" not in client.get(path).get("Location", "")


async def test_devices_write_with_their_token(nothing_left: None) -> None:
    _device, token = await sync_to_async(add_device)("Boiler")
    headers = {"Authorization": f"Bearer {token}"}
    client = AsyncClient()
    assert (await client.post("/two/readings/", {"a": 1}, "application/json", headers=headers)).status_code == 204
    assert (await client.post("/write", b"boiler a=1", "text/plain", headers=headers)).status_code == 204
    assert (await client.post("/two/readings/", {"a": 1}, "application/json")).status_code == 401


def test_a_wall_sees_the_dashboard_and_nothing_else_until_its_token_is_revoked(client: Client) -> None:
    token = view_token()
    for path in ("/two/", "/two/device/random/", *DATA):
        assert client.get(path, {"view": token}).status_code == 200, path
    assert client.get("/chat/", {"view": token}, headers={"Accept": "text/html"}).status_code == 302
    assert (
        client.post("/two/devices/", {"name": "x"}, "application/json", QUERY_STRING=f"view={token}").status_code == 403
    )
    AccessToken.objects.update(revoked=timezone.now())
    assert client.get("/two/devices/", {"view": token}).status_code == 401
    site = AccessToken.issue(AccessToken.Scope.SITE)
    assert client.get("/two/devices/", {"view": site}).status_code == 401


@pytest.mark.parametrize("path", ["/ws/one/", "/ws/two/", "/ws/chat/", "/ws/chat/room1/", "/ws/two/?view=wrong"])
async def test_a_socket_is_told_to_log_in(path: str, nothing_left: None) -> None:
    client = socket(path)
    assert (await client.connect())[0]
    assert await client.receive_output(timeout=5) == {"type": "websocket.close", "code": 4401}


async def test_who_is_logged_in_has_sockets(nothing_left: None) -> None:
    browser = AsyncClient()
    await browser.aforce_login(await User.objects.acreate_user("mia"))
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    visitor = await opened("/ws/two/", origin=f"http://{HOST}", cookie=cookie)
    assert "data" in await visitor.receive_json_from(timeout=5)
    await visitor.disconnect()


async def test_a_wall_has_the_dashboards_socket_until_its_token_is_revoked(
    monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    monkeypatch.setattr(visitors, "RECHECK_SECONDS", 0.05)
    token = await sync_to_async(view_token)()
    wall = await opened(f"/ws/two/?view={token}")
    assert "data" in await wall.receive_json_from(timeout=5)
    await AccessToken.objects.aupdate(revoked=timezone.now())
    async with asyncio.timeout(5):
        while (output := await wall.receive_output(timeout=5))["type"] != "websocket.close":
            pass
    assert output["code"] == 4401
    await wall.disconnect()
    chat = socket(f"/ws/chat/room1/?view={token}")
    assert (await chat.connect())[0]
    assert (await chat.receive_output(timeout=5))["code"] == 4401
