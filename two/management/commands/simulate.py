"""Sends believable signals as real clients do: `manage.py simulate --devices 20 --rate 10 --via http`."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from examplechannels.interrupts import run_to_its_end, stop_signals
from two.ingest.broker import add_broker_argument, named_broker
from two.models import AccessToken
from two.simulator.fleet import GaveUp, Plan, Sender, run_fleet
from two.simulator.http_client import check_server
from two.simulator.link import Link, NotWelcome
from two.simulator.over_http import HttpLink, LineLink
from two.simulator.over_mqtt import MqttLink
from two.simulator.over_websocket import WebSocketLink
from two.simulator.signals import device_names
from two.simulator.tally import Tally

MAX_DEVICES = 1_000
MAX_RATE = 1_000.0
MAX_SECONDS = 10.0**9
PROGRESS_SECONDS = 1.0  # on a terminal, in one line
PROGRESS_LOG_SECONDS = 5.0  # elsewhere, a line each
LINKS: dict[str, Callable[[str, str], Link]] = {"http": HttpLink, "line": LineLink, "ws": WebSocketLink}
ERASE_LINE = "\r\x1b[K"


class Command(BaseCommand):
    help = (
        "Simulates devices: a boiler, a greenhouse, a freezer and others send one to four metrics each, until Ctrl-C. "
        "For show, and for load."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--devices", type=int, default=20, help="how many, up to 1,000 (20)")
        parser.add_argument(
            "--rate", type=float, default=1.0, help="readings per second per device; a reading is one value (1)"
        )
        parser.add_argument(
            "--via",
            choices=[*LINKS, "mqtt"],
            default="http",
            help="http: JSON by POST; line: InfluxDB line protocol in batches, a second each; ws: an ingest socket "
            "each; mqtt: to a broker, where `manage.py mqtt` listens (http)",
        )
        parser.add_argument("--server", default="http://127.0.0.1:8000", help="its address (http://127.0.0.1:8000)")
        add_broker_argument(parser)
        parser.add_argument(
            "--token",
            help="a site's token; left out, one is issued in this machine's database and revoked at the end",
        )
        parser.add_argument("--seconds", type=float, help="end after so long")
        parser.add_argument("--seed", type=int, default=0, help="another seed, other curves (0)")

    def handle(self, *args: Any, devices: int, rate: float, via: str, **options: Any) -> None:
        plan = _plan(rate, options["seed"], options["seconds"])
        if not 1 <= devices <= MAX_DEVICES:
            raise CommandError("--devices lies between 1 and 1,000.")
        names = device_names(devices)
        groups = [names] if via == "line" else [[name] for name in names]
        if via == "mqtt":
            broker = named_broker(options["broker"])
            self._run(groups, plan, lambda: MqttLink(broker), str(broker))
            return
        server = _server(options["server"])
        with site_token(options["token"]) as token:
            self._run(groups, plan, lambda: LINKS[via](server, token), server)

    def _run(self, groups: list[list[str]], plan: Plan, link: Callable[[], Link], place: str) -> None:
        tally = Tally()
        senders = [Sender(link(), group, plan, tally, number / len(groups)) for number, group in enumerate(groups)]
        count = sum(map(len, groups))
        self.stdout.write(f"{count} devices, {plan.rate:g}/s each, to {place}; Ctrl-C ends it.")
        try:
            run_to_its_end(self._until_stopped(senders, plan, tally))
        except (GaveUp, NotWelcome) as error:
            raise CommandError(f"{place}: {error}") from None
        finally:
            self._tell(tally.summary(), last=True)

    async def _until_stopped(self, senders: list[Sender], plan: Plan, tally: Tally) -> None:
        pause = PROGRESS_SECONDS if self.stdout.isatty() else PROGRESS_LOG_SECONDS
        with stop_signals() as stopping:
            await run_fleet(senders, plan.seconds, stopping, lambda: self._tell(tally.progress()), pause)

    def _tell(self, line: str, last: bool = False) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"{ERASE_LINE}{line}", ending="\n" if last else "")
        else:
            self.stdout.write(line)
        self.stdout.flush()


def _plan(rate: float, seed: int, seconds: float | None) -> Plan:
    if not 0 < rate <= MAX_RATE:
        raise CommandError("--rate is above 0 and at most 1,000.")
    if seconds is not None and not 0 < seconds < MAX_SECONDS:
        raise CommandError("--seconds is above 0.")
    return Plan(rate, seed, seconds)


def _server(url: str) -> str:
    try:
        return check_server(url)
    except ValueError as error:
        raise CommandError(f"--server {error}") from None


@contextmanager
def site_token(given: str | None) -> Iterator[str]:
    """The token that was given, else one of our own, which is revoked at the end."""
    if given:
        yield given
        return
    token = AccessToken.issue(AccessToken.Scope.SITE, label="simulate")
    try:
        yield token
    finally:
        AccessToken.objects.filter(digest=AccessToken.digest_of(token)).update(revoked=timezone.now())
