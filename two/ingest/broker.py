"""Where the MQTT broker is."""

import ssl
from argparse import ArgumentParser
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management import CommandError

ANSWER_SECONDS = 10.0
KEEPALIVE_SECONDS = 30
PORTS = {"mqtt": 1883, "mqtts": 8883}
FORM = "mqtt://user:password@host:1883 (mqtts:// for TLS)"


class Broker(NamedTuple):
    """A broker's address, parsed."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool

    @property
    def options(self) -> dict[str, Any]:
        """What every `aiomqtt.Client` of this broker is made with."""
        return {
            "hostname": self.host,
            "port": self.port,
            "username": self.user,
            "password": self.password,
            # The variable SSL_CERT_FILE names the authority of a broker that signs for itself.
            "tls_context": ssl.create_default_context() if self.tls else None,
            "timeout": ANSWER_SECONDS,
            "keepalive": KEEPALIVE_SECONDS,
        }

    def __str__(self) -> str:
        """For people and logs: never the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


def parse_broker(url: str) -> Broker:
    """Reads `mqtt://user:password@host:1883`; user, password and port may be missing.

    Raises:
        ValueError: it is none; the text does not hold the password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a port that is none, or half an IPv6 address
        raise ValueError(f"is no URL such as {FORM}.") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(f"is no URL such as {FORM}.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"has something after the port; /, ? and # in a password are written %2F, %3F, %23: {FORM}.")
    return Broker(
        parts.hostname,
        PORTS[parts.scheme] if port is None else port,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        parts.scheme == "mqtts",
    )


def add_broker_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--broker", default="", help=f"{FORM}; default: the variable MQTT_URL")


def named_broker(option: str) -> Broker:
    """The broker of `--broker`, else of `MQTT_URL`.

    Raises:
        CommandError: there is none, or it is no URL.
    """
    source, url = ("--broker", option) if option else ("MQTT_URL", settings.MQTT_URL)
    if not url:
        raise CommandError(f"Which broker? Give --broker {FORM}, or set MQTT_URL.")
    try:
        return parse_broker(url)
    except ValueError as error:
        raise CommandError(f"{source} {error}") from None
