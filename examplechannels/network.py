"""Addresses that a server can be reached at, and the sockets that it listens on."""

import errno
import os
import socket
import stat
from contextlib import suppress

import psutil
from django.conf import settings
from django.core.management import CommandError

EVERY_ADDRESS = {"0.0.0.0", "::", "", "0"}  # noqa: S104 what a person may ask for
# A peer that takes nothing for this long is cut off by the kernel, the only way out of a full socket.
USER_TIMEOUT_SECONDS = 10
BACKLOG = 2048
FIRST_PASSED_FD = 3


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


def is_own_address(host: str) -> bool:
    """Whether this name or address is this machine's, as far as it knows without asking anybody."""
    own = (address.address for addresses in psutil.net_if_addrs().values() for address in addresses)
    return host in {"localhost", socket.gethostname(), *own}


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
        _cut_off_stalled_peers(listener)
        listener.bind((host.strip("[]"), port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        foreign = isinstance(error, socket.gaierror) or getattr(error, "errno", 0) == errno.EADDRNOTAVAIL
        advice = "It is no address of this machine" if foreign else "Try another port (make … PORT=8001)"
        raise CommandError(f"Cannot listen on {host}:{port}: {str(error).rstrip('.')}. {advice}.") from None
    return listener


def listen_on_unix(path: str) -> socket.socket:
    """The same for a Unix socket, which the file's owner and group may use. A file that nobody listens on is replaced.

    Raises:
        CommandError: the path cannot be used, or somebody listens there.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
            with suppress(ConnectionRefusedError), socket.socket(socket.AF_UNIX) as probe:
                probe.connect(path)
                raise OSError("somebody listens there")
            os.unlink(path)
        listener.bind(path)
        os.chmod(path, 0o660)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CommandError(f"Cannot listen on {path}: {error}.") from None
    return listener


def passed_socket() -> socket.socket | None:
    """The listening socket that systemd passed, if it did: sd_listen_fds(3).

    Raises:
        CommandError: there are several.
    """
    if not settings.PASSED_SOCKETS:
        return None
    if settings.PASSED_SOCKETS > 1:
        raise CommandError(f"systemd passed {settings.PASSED_SOCKETS} sockets; a worker listens on one.")
    listener = socket.socket(fileno=FIRST_PASSED_FD)
    if listener.family != socket.AF_UNIX:
        _cut_off_stalled_peers(listener)
    return listener


def _cut_off_stalled_peers(listener: socket.socket) -> None:
    """What a listening socket has, its connections get."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_SECONDS * 1000)
