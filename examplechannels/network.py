"""Addresses that a server can be reached at, and a check that Redis answers."""

import socket
from urllib.parse import urlsplit

import psutil
import redis
from django.core.management import CommandError

EVERY_ADDRESS = {"0.0.0.0", "::", "", "0"}  # noqa: S104 what a person may ask for
# A peer that takes nothing for this long is cut off by the kernel, the only way out of a full socket.
USER_TIMEOUT_SECONDS = 10
BACKLOG = 2048


def own_addresses(host: str) -> list[str]:
    """Names that a browser can use for a server listening on `host`; all of this machine's for 0.0.0.0."""
    if host not in EVERY_ADDRESS:
        return [host.strip("[]")]
    found = [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]
    return ["localhost", *sorted(found)]


def address_lines(host: str, port: int) -> list[str]:
    """One URL a line."""
    return [f"http://{f'[{name}]' if ':' in name else name}:{port}/" for name in own_addresses(host)]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket whose connections end when their peer takes nothing for `USER_TIMEOUT_SECONDS`.

    Raises:
        CommandError: the address cannot be used, with the reason and what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_SECONDS * 1000)
        listener.bind((host.strip("[]"), port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise CommandError(f"Cannot listen on {host}:{port}: {error}. Try another PORT.") from None
    return listener


def require_redis(url: str) -> None:
    """Asks Redis once whether it is there.

    Raises:
        CommandError: it does not answer.
    """
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
        client.ping()
        client.close()
    except (redis.RedisError, OSError, ValueError) as error:
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
        raise CommandError(f"REDIS_URL: no answer from {place}: {error}") from None
