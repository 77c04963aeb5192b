"""Adds a device: `manage.py device NAME` prints its token once, with examples."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from two.devices import MAX_INTERVAL_SECONDS, MIN_INTERVAL_SECONDS, NameTaken, add_device, examples_for
from two.models import AccessToken, Device
from two.samples import BadReading, slug_of

RULE = "─" * 72


class Command(BaseCommand):
    help = "Adds a device and prints its token, once, with ready examples."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--interval", type=float, help="seconds between its readings; left out: learned from them")
        parser.add_argument(
            "--new-token", action="store_true", help="of a known device: revoke its tokens, print a new one"
        )
        parser.add_argument("--site", default="http://127.0.0.1:8000", help="the server's address, for the examples")

    def handle(self, *args: Any, name: str, interval: float | None, new_token: bool, site: str, **options: Any) -> None:
        if interval is not None and not MIN_INTERVAL_SECONDS <= interval <= MAX_INTERVAL_SECONDS:
            raise CommandError(f"--interval lies between {MIN_INTERVAL_SECONDS} and {MAX_INTERVAL_SECONDS:,} seconds.")
        try:
            device, token = _new_token(name) if new_token else add_device(name, interval)
        except BadReading as error:
            raise CommandError(error.detail) from None
        except NameTaken:
            raise CommandError(
                f"There is a device “{slug_of(name.strip())}” already; --new-token replaces its token."
            ) from None
        self.stdout.write(
            f"Device: {device.slug}\nToken:  {token}\nThe token is shown this once. Keep it like a password."
        )
        for example in examples_for(site, device.slug, token):
            self.stdout.write(f"\n{RULE}\n{example['title']}\n\n{example['text']}")


@transaction.atomic
def _new_token(name: str) -> tuple[Device, str]:
    device = Device.objects.filter(slug=slug_of(name.strip())).first()
    if device is None:
        raise CommandError("There is no such device; leave --new-token out to add it.")
    device.tokens.filter(revoked=None).update(revoked=timezone.now())
    return device, AccessToken.issue(AccessToken.Scope.DEVICE, device, label=device.name)
