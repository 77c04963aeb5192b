"""Makes a token for a whole site or for a wall: `manage.py token site Telegraf`, `manage.py token view Wall`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from two.models import AccessToken

USES = {
    AccessToken.Scope.SITE: "It writes for any device, and creates devices by writing: Authorization: Bearer {token}",
    AccessToken.Scope.VIEW: "It opens pages to look at: /two/?kiosk=1&view={token}",
}


class Command(BaseCommand):
    help = "Makes an access token that is not for one device, and prints it once. It is revoked in the admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("scope", choices=[scope.value for scope in USES])
        parser.add_argument("label", help="what it is for, as the admin shows it")

    def handle(self, *args: Any, scope: str, label: str, **options: Any) -> None:
        token = AccessToken.issue(AccessToken.Scope(scope), label=label[:100])
        self.stdout.write(f"Token: {token}\n{USES[AccessToken.Scope(scope)].format(token=token)}")
        self.stdout.write("The token is shown this once. Keep it like a password.")
