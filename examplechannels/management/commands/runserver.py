"""Daphne's `runserver`, which also admits and prints this machine's own addresses when it listens on all of them."""

from functools import partial
from typing import Any

from daphne.management.commands.runserver import Command as DaphneRunserver
from daphne.server import Server
from django.conf import settings

from examplechannels.background import background
from examplechannels.network import EVERY_ADDRESS, address_lines, own_addresses, require_redis


def start_background() -> None:
    from twisted.internet import reactor  # not before Daphne has chosen which

    reactor.callLater(0, background.start)  # type: ignore[arg-type]  # once it runs


class Command(DaphneRunserver):
    server_cls = partial(Server, ready_callable=start_background)

    def inner_run(self, *args: Any, **options: Any) -> None:
        if settings.REDIS_URL:
            require_redis(settings.REDIS_URL)
        if self.addr in EVERY_ADDRESS:
            settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, *own_addresses(self.addr)]
        for line in address_lines(self.addr, int(self.port)):
            self.stdout.write(f"  {line}")
        super().inner_run(*args, **options)
