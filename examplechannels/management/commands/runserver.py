"""Daphne's `runserver`, which also admits and prints this machine's own addresses when it listens on all of them."""

from typing import Any

from daphne.management.commands.runserver import Command as DaphneRunserver
from django.conf import settings

from examplechannels.network import EVERY_ADDRESS, address_lines, own_addresses, require_redis


class Command(DaphneRunserver):
    def inner_run(self, *args: Any, **options: Any) -> None:
        if settings.REDIS_URL:
            require_redis(settings.REDIS_URL)
        if self.addr in EVERY_ADDRESS:
            settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, *own_addresses(self.addr)]
        for line in address_lines(self.addr, int(self.port)):
            self.stdout.write(f"  {line}")
        super().inner_run(*args, **options)
