"""LOGIN_REQUIRED=1: who may look."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import AsyncClient, Client
from django.utils import timezone

from examplechannels import rechecks
from examplechannels.broadcast import broadcast
from examplechannels.doors import refuse
from examplechannels.sessions import Account
from examplechannels.visitors import Visitor, Wall, visitors, visitors_only
from tests.sockets import HOST, Communicator, opened, socket
from two.devices import add_device
from two.models import AccessToken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("login_required")]
PAGES = ["/", "/one/", "/two/", "/chat/", "/chat/room1/", "/learn/one/"]
DATA = ["/two/readings/", "/two/devices/", "/two/version/"]


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


OPENED = ["/ws/one/", "/ws/two/", "/ws/two/?events=all", "/ws/chat/", "/ws/chat/room1/?events=all"]


def end_session(client: Client, user: User, how: str) -> None:
    match how:
        case "logout":
            client.post("/accounts/logout/")
        case "password":
            user.set_password("another one")
            user.save()
        case "inactive":
            user.is_active = False
            user.save()
        case "deleted":
            user.delete()
        case "expired":  # nobody says so
            Session.objects.filter(session_key=client.session.session_key).update(expire_date=timezone.now())


async def closed_with(client: Any) -> int:
    async with asyncio.timeout(5):
        while (output := await client.receive_output(timeout=5))["type"] != "websocket.close":
            pass
    return int(output["code"])


@pytest.mark.parametrize("how", ["logout", "password", "inactive", "deleted", "expired"])
async def test_every_socket_of_a_session_ends_with_it_and_no_other(
    how: str, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    if how == "expired":
        monkeypatch.setattr(rechecks, "RECHECK_SECONDS", 0.05)
    cookies = {}
    for name in ("mia", "sara"):
        browser = Client()
        user = await User.objects.acreate_user(name)
        await sync_to_async(browser.force_login)(user)
        cookies[name] = browser, user, f"sessionid={browser.cookies['sessionid'].value}"
    sockets = {
        name: [await opened(path, origin=f"http://{HOST}", cookie=cookie) for path in OPENED]
        for name, (_browser, _user, cookie) in cookies.items()
    }
    await sync_to_async(end_session)(*cookies["mia"][:2], how)
    for path, client in zip(OPENED, sockets["mia"], strict=True):
        assert await closed_with(client) == 4401, path
    for client in sockets["mia"]:
        await client.disconnect()
        while not client.output_queue.empty():  # once
            assert (await client.receive_output())["type"] != "websocket.close"
    await sockets["sara"][-1].send_json_to({"message": "still here"})
    async with asyncio.timeout(5):
        while (await sockets["sara"][-1].receive_json_from(timeout=5)).get("message") != "still here":
            pass
    for client in sockets["sara"]:
        await client.disconnect()


async def test_who_guards_the_dashboards_pins_says_the_same(
    monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    """Where it is the first to hear of it."""
    monkeypatch.setattr(visitors, "is_about", lambda badge, changed: False)
    browser = Client()
    await sync_to_async(browser.force_login)(await User.objects.acreate_user("mia"))
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    page = await opened("/ws/two/?events=all", origin=f"http://{HOST}", cookie=cookie)
    await sync_to_async(browser.post)("/accounts/logout/")
    assert await closed_with(page) == 4401
    await page.disconnect()


def test_pages_hear_of_a_logout_once_it_is_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else they would be back at the login page while it still takes them for logged in, and leads them back."""
    left: list[int] = []
    monkeypatch.setattr("examplechannels.sessions.announce", lambda *_event: left.append(Session.objects.count()))
    client.force_login(User.objects.create_user("mia"))
    left.clear()
    client.post("/accounts/logout/")
    assert left == [0]


def test_all_sockets_of_a_process_cost_three_questions(django_assert_num_queries: Any) -> None:
    token = view_token()
    badges: list[Any] = [Account(number, str(number), "") for number in range(500)]
    with django_assert_num_queries(3):
        found = visitors.looked_up([*badges, Wall("x"), Wall(AccessToken.digest_of(token))])
    assert {code for code, _badge in found[:-1]} == {4401}
    assert found[-1][0] == 0


async def test_who_is_expelled_before_the_handshake_ends_can_read_why() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    visitor = Visitor(Wall("x"), send)
    await visitor.expel(4401)
    await visitor.send({"type": "websocket.accept"})
    await visitor.expel(4401)
    assert sent == [{"type": "websocket.accept"}, {"type": "websocket.close", "code": 4401}]


async def test_who_logged_out_on_the_way_in_is_sent_out_at_once(nothing_left: None) -> None:
    user = await User.objects.acreate_user("mia")
    browser = Client()
    await sync_to_async(browser.force_login)(user)
    session = await sync_to_async(lambda: browser.session)()
    await sync_to_async(session.items)()
    await sync_to_async(browser.post)("/accounts/logout/")
    inside = asyncio.Event()

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await inside.wait()

    async def page(scope: Any, receive: Any, send: Any) -> None:
        await visitors_only(inner)({**scope, "user": user, "session": session}, receive, send)

    client = Communicator(page, "/ws/one/")
    assert (await client.connect())[0]
    assert await closed_with(client) == 4401
    inside.set()
    await client.wait()


async def test_who_leaves_on_the_way_in_is_forgotten(monkeypatch: pytest.MonkeyPatch, nothing_left: None) -> None:
    arrived = asyncio.Event()

    async def add(*args: object) -> None:
        arrived.set()
        await asyncio.Event().wait()

    user = await User.objects.acreate_user("mia")
    scope = {"user": user, "session": await sync_to_async(lambda: Client().session)()}
    with monkeypatch.context() as slow:
        slow.setattr(broadcast, "group_add", add)
        coming = asyncio.ensure_future(visitors_only(refuse)(scope, None, None))
        await arrived.wait()
        coming.cancel()
        await asyncio.wait([coming])
    assert not visitors._sockets


async def test_a_server_that_takes_no_goodbye_any_more_is_no_error() -> None:
    async def send(message: dict[str, Any]) -> None:
        raise RuntimeError("Unexpected ASGI message")  # as uvicorn does after an Outlet's own close

    await Visitor(Wall("x"), send).expel(4401)


async def test_a_wall_has_the_dashboards_socket_until_its_token_is_revoked(
    monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    monkeypatch.setattr(rechecks, "RECHECK_SECONDS", 0.05)
    token = await sync_to_async(view_token)()
    wall = await opened(f"/ws/two/?view={token}")
    assert "data" in await wall.receive_json_from(timeout=5)
    await AccessToken.objects.aupdate(revoked=timezone.now())
    assert await closed_with(wall) == 4401
    await wall.disconnect()
    chat = socket(f"/ws/chat/room1/?view={token}")
    assert (await chat.connect())[0]
    assert (await chat.receive_output(timeout=5))["code"] == 4401
