"""Daphne's `runserver`: migrates first where it is told to, admits and prints this machine's own addresses."""

import os
from argparse import ArgumentParser
from functools import partial
from typing import Any

from daphne.management.commands.runserver import Command as DaphneRunserver
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.utils.autoreload import DJANGO_AUTORELOAD_ENV

from examplechannels import access_log
from examplechannels.background import background
from examplechannels.layers import require_redis
from examplechannels.network import EVERY_ADDRESS, address_lines, listen, own_addresses


def start_background() -> None:
    from twisted.internet import reactor  # not before Daphne has chosen which

    reactor.callLater(0, background.start)  # type: ignore[arg-type]  # once it runs


class DaphneProtocol(WebSocketProtocol):
    """Offers `scope["write_frame"]`, and closes with every code.

    Autobahn frames a text for each peer; and it refuses a program 1012 and 1013: the socket would stay open, and mute.
    """

    def write_frame(self, wire: bytes) -> bool:
        """Writes what `wire_of` made; Twisted keeps what the peer does not take. False where the socket is not open."""
        if self.state != self.STATE_OPEN:
            return False
        self.transport.write(wire)
        return True

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802 - Daphne calls it so
        self.sendCloseFrame(code=1000 if code is None else code)


class DaphneServer(Server):
    def run(self) -> None:
        WebSocketFactory.protocol = DaphneProtocol
        super().run()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if isinstance(protocol, DaphneProtocol):
            scope["write_frame"] = protocol.write_frame
        return super().create_application(protocol, scope)


class Command(DaphneRunserver):
    server_cls = partial(DaphneServer, ready_callable=start_background)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--migrate", action="store_true", help="Migrate the database before the server starts.")

    def run(self, *, migrate: bool = False, **options: Any) -> None:
        if DJANGO_AUTORELOAD_ENV not in os.environ:  # not in what the reloader starts: it would wait for a change
            if settings.REDIS_URL:
                require_redis(settings.REDIS_URL)
            listen(self.addr, int(self.port)).close()  # Daphne says that it cannot in its log alone, and ends with 0
            if migrate:
                call_command("migrate", verbosity=0)
                connections.close_all()
        super().run(**options)

    def inner_run(self, *args: Any, **options: Any) -> None:
        if self.addr in EVERY_ADDRESS:
            settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, *own_addresses(self.addr)]
        for line in address_lines(self.addr, int(self.port)):
            self.stdout.write(f"  {line}")
        super().inner_run(*args, **options)

    def get_application(self, options: dict[str, Any]) -> Any:
        application = super().get_application(options)  # sets logging up anew
        access_log.logger.disabled = True  # Daphne has lines of its own
        return application

    def log_action(self, protocol: str, action: str, details: dict[str, Any]) -> None:
        """A line for each request, handshake, connect and disconnect, without query strings."""
        super().log_action(protocol, action, {**details, "path": details["path"].partition("?")[0]})
