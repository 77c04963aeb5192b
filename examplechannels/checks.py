"""System checks: a set-up step that is missing, and, with `check --deploy`, what an operator should know.

Of the latter `manage.py serve` says a line each for what the settings alone tell.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from channels.routing import get_default_application
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.core.checks import Warning as Caution

from examplechannels.network import is_own_address
from examplechannels.static_files import BROWSER_PACKAGES, NODE_MODULES

DAPHNE = (4, 2, 3)  # before it messages have no bound, before 4.2.2 there are CVEs
FOREIGN = b"https://origin-rule.invalid"
GUARDED_PATHS = ("/ws/one/", "/ws/two/", "/ws/chat/", "/ws/chat/lobby/")
ROUTER_SECONDS = 5.0

Messages = list[CheckMessage]


@register
def browser_packages_are_there(**kwargs: Any) -> Messages:
    missing = [file for file in BROWSER_PACKAGES.values() if not (NODE_MODULES / file).exists()]
    if not missing:
        return []
    return [
        Error(
            f"Browser packages are missing, {missing[0]} for one.",
            hint="Run `make setup`, or `npm ci` in the project's folder.",
            id="examplechannels.E001",
        )
    ]


def _redis_elsewhere() -> str:
    """The host of Redis where it is another than this one: then the site may have several hosts. Else ""."""
    host = urlsplit(settings.REDIS_URL).hostname or ""
    return "" if not host or is_own_address(host) else host


def layer_reaches_every_worker(**kwargs: Any) -> Messages:
    workers = next((text for name in ("WORKERS", "WEB_CONCURRENCY") if (text := os.environ.get(name))), "1")
    if settings.REDIS_URL or not workers.isdecimal() or int(workers) < 2:
        return []
    what = f"{workers} workers, and a channel layer in memory: they would not hear each other."
    return [Caution(what, hint="Set REDIS_URL, or serve with one worker.", id="examplechannels.W001")]


def database_reaches_every_host(**kwargs: Any) -> Messages:
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3" or not _redis_elsewhere():
        return []
    what = f"The database is a file of this host, while Redis is at {_redis_elsewhere()}: other hosts would not see it."
    hint = "Set DATABASE_URL to PostgreSQL. A site that is this one host may stay as it is."
    return [Caution(what, hint=hint, id="examplechannels.W002")]


def origins_are_few(**kwargs: Any) -> Messages:
    """Whether the origin rule shuts anybody out: it lets in who has the name that it was called by."""
    found: Messages = []
    if "*" in settings.ALLOWED_HOSTS:
        what = "ALLOWED_HOSTS has *: a page of any name that leads here may open sockets, so there is no origin rule."
        hint = "Name the site's hosts: ALLOWED_HOSTS=example.com,www.example.com"
        found.append(Caution(what, hint=hint, id="examplechannels.W003"))
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        _before, star, domain = urlsplit(origin).netloc.rpartition("*")
        if star and "." not in domain.strip(".") and domain.strip(".").split(":")[0] != "localhost":
            what = f"CSRF_TRUSTED_ORIGINS has {origin}: pages of every domain below that may post and open sockets."
            hint = "Name the origins, or a domain of your own: https://*.example.com"
            found.append(Caution(what, hint=hint, id="examplechannels.W004"))
    return found


def daphne_is_new(**kwargs: Any) -> Messages:
    installed = version("daphne")
    numbers = tuple(int(part) for part in installed.split(".")[:3] if part.isdecimal())
    if numbers >= DAPHNE:
        return []
    what = f"Daphne {installed} is old: before 4.2.2 it has known holes, before 4.2.3 no bound for a message."
    return [Caution(what, hint="pip install -r requirements.txt", id="examplechannels.W005")]


def key_reaches_every_host(**kwargs: Any) -> Messages:
    if os.environ.get("SECRET_KEY") or not _redis_elsewhere():
        return []
    what = f"The secret key is a file of this host, while Redis is at {_redis_elsewhere()}."
    hint = "Set SECRET_KEY, the same on every host: with another one logins, words and senders differ."
    return [Caution(what, hint=hint, id="examplechannels.W006")]


def login_means_something(**kwargs: Any) -> Messages:
    if not settings.LOGIN_REQUIRED or not settings.SIGN_UP:
        return []
    what = "LOGIN_REQUIRED is on, and so is SIGN_UP: whoever makes an account gets in."
    return [Info(what, hint="SIGN_UP=0, unless that is meant.", id="examplechannels.I007")]


def router_refuses_foreign_origins(**kwargs: Any) -> Messages:
    """Calls the router as a page of another site would."""
    allowed = next((host for host in settings.ALLOWED_HOSTS if host != "*"), "localhost")
    logging.disable(logging.WARNING)  # it says whom it refuses
    try:
        open_paths = [path for path in GUARDED_PATHS if not async_to_sync(_refuses)(path, allowed.lstrip("."))]
    finally:
        logging.disable(logging.NOTSET)
    if not open_paths:
        return []
    what = f"{open_paths[0]} lets pages of other sites in: the ASGI application has no origin rule there."
    hint = "In examplechannels/asgi.py every route but the devices' stands behind `origin_rule`."
    return [Caution(what, hint=hint, id="examplechannels.W008")]


async def _refuses(path: str, host: str) -> bool:
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", host.encode()), (b"origin", FOREIGN)],
        "subprotocols": [],
    }
    answers: asyncio.Queue[Any] = asyncio.Queue()
    events = [{"type": "websocket.disconnect", "code": 1001}, {"type": "websocket.connect"}]

    async def receive() -> Any:
        if len(events) == 1:
            await asyncio.sleep(ROUTER_SECONDS)
        return events.pop()

    running = asyncio.ensure_future(get_default_application()(scope, receive, answers.put))
    try:
        async with asyncio.timeout(ROUTER_SECONDS):
            return bool((await answers.get())["type"] == "websocket.close")
    except TimeoutError:
        return False
    finally:
        running.cancel()
        await asyncio.wait([running])


STARTING_CHECKS: tuple[Callable[..., Messages], ...] = (
    database_reaches_every_host,
    origins_are_few,
    daphne_is_new,
    key_reaches_every_host,
    login_means_something,
)
for check in (layer_reaches_every_worker, *STARTING_CHECKS, router_refuses_foreign_origins):
    register(check, Tags.security, deploy=True)


def starting_lines() -> list[str]:
    """What `serve` has to say, a line each; of its workers it says so itself."""
    return [f"{message.msg} {message.hint} ({message.id})" for check in STARTING_CHECKS for message in check()]
