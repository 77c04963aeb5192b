"""Where a webhook may lead: to public addresses alone, unless WEBHOOK_PRIVATE=1 says otherwise.

Which addresses are public: https://www.iana.org/assignments/iana-ipv6-special-registry/ and its IPv4 sister, as
`ipaddress` knows them, and those that only carry an IPv4 address (mapped, NAT64, 6to4) by the one they carry.
"""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _

PORTS = {"http": 80, "https": 443}
UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
LOCAL_NAMES = ("localhost", "local", "internal", "lan", "home.arpa")
MAX_LOOKUPS = 32  # a lookup cannot be stopped; a resolver that hangs is not to gather threads

Address = IPv4Address | IPv6Address
_lookups_under_way = 0


class BadWebhook(ValueError):
    """Nothing is ever sent there; says why."""


@dataclass(frozen=True)
class Target:
    scheme: str
    host: str  # ASCII, without brackets
    port: int
    path: str  # with its query

    @property
    def authority(self) -> str:
        """For the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """Raises `BadWebhook` for what is no URL that a webhook may have, or that names a private address in itself."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip(".").encode("idna").decode(), parts.port
    except ValueError:  # a port, brackets, a name that cannot be one
        raise BadWebhook(_("A webhook is a URL such as https://example.com/alarms.")) from None
    if parts.scheme not in PORTS or not host or not host.isprintable() or " " in host or port == 0:
        raise BadWebhook(_("A webhook is a URL such as https://example.com/alarms."))
    if parts.username is not None or parts.password is not None:
        raise BadWebhook(_("No name and password in a webhook's URL: others see it, and the signature proves more."))
    path = iri_to_uri(parts.path or "/") + (f"?{iri_to_uri(parts.query)}" if parts.query else "")
    target = Target(parts.scheme, host, port or PORTS[parts.scheme], path)
    if not settings.WEBHOOK_PRIVATE and _is_private_name(target.host):
        text = _("%(where)s is, or may be, a private address; WEBHOOK_PRIVATE=1 would allow it.")
        raise BadWebhook(text % {"where": target.host})
    return target


def is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    carried = address.ipv4_mapped or address.sixtofour
    if address in NAT64:
        carried = IPv4Address(address.packed[-4:])
    if carried is not None:
        return is_public(carried)
    return address in UNICAST and address.is_global


async def addresses_of(target: Target) -> list[str]:
    """IP addresses to connect to, the best first. Connect to these, not to the name: it may lead elsewhere next time.

    Raises:
        BadWebhook: one of the addresses is private.
        OSError: there is no such name, or nobody who knows.
    """
    found = [str(address) for address in await _look_up(target.host, target.port)]
    if not settings.WEBHOOK_PRIVATE:
        for address in found:
            if not is_public(ip_address(address.partition("%")[0])):
                where = address if address == target.host else f"{target.host} ({address})"
                text = _("%(where)s is a private address; WEBHOOK_PRIVATE=1 would allow it.")
                raise BadWebhook(text % {"where": where})
    return found


def _is_private_name(host: str) -> bool:
    """What can be told without asking a name server."""
    try:
        return not is_public(ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return not is_public(IPv4Address(socket.inet_aton(host)))  # 2130706433, 0x7f.1
    except OSError:
        pass
    return "." not in host or host.lower().endswith(tuple(f".{name}" for name in LOCAL_NAMES))


async def _look_up(host: str, port: int) -> list[str]:
    """In a thread that nobody waits for when the server ends: `getaddrinfo` may take minutes."""
    global _lookups_under_way
    if _lookups_under_way >= MAX_LOOKUPS:
        raise OSError(_("the name service does not answer"))
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def end(found: list[str], error: OSError | None) -> None:
        global _lookups_under_way
        _lookups_under_way -= 1
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(found)

    def look() -> None:
        found: list[str] = []
        error: OSError | None = None
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except OSError as failure:
            error = failure
        except UnicodeError:
            error = OSError(_("no such name"))
        try:
            loop.call_soon_threadsafe(end, found, error)
        except RuntimeError:
            pass  # the loop has ended

    _lookups_under_way += 1
    Thread(target=look, name="webhook-name", daemon=True).start()
    return await answer
