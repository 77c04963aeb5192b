"""How much of something may be done in a while, and whom it counts for."""

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

MAX_KEPT = 20_000  # buckets of a kind; those used least recently are full again
HOME_NETWORK_BITS = 64  # what one customer of a provider has of IPv6, RFC 6177


class TokenBucket:
    """`burst` at once, `per_second` in the long run. Not thread-safe."""

    __slots__ = ("_burst", "_clock", "_filled_at", "_left", "_per_second")

    def __init__(self, burst: float, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._per_second = per_second
        self._clock = clock
        self._left = burst
        self._filled_at = clock()

    def wait(self, amount: float = 1) -> float:
        """The seconds until that much may be taken; 0: now."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        return max(0.0, (amount - self._left) / self._per_second)

    def take(self, amount: float = 1) -> float:
        """Takes it and returns 0, or takes nothing and returns the seconds after which it is worth asking again."""
        wait = self.wait(amount)
        if not wait:
            self._left -= amount
        return wait

    def give_back(self, amount: float = 1) -> None:
        """Undoes a `take`."""
        self._left = min(self._burst, self._left + amount)

    def spend(self, amount: float, most_owed: float) -> None:
        """Takes it also when it is not there: what is missing is owed, up to `most_owed`, and the next wait longer."""
        self.wait()
        self._left = max(self._left - amount, -most_owed)


class Buckets:
    """A bucket for each key, as long as it is used. Not thread-safe: request threads need a lock around it."""

    def __init__(self, burst: float, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._per_second, self._clock = burst, per_second, clock
        self._kept: OrderedDict[str, TokenBucket] = OrderedDict()

    def of(self, key: str) -> TokenBucket:
        bucket = self._kept.get(key) or TokenBucket(self._burst, self._per_second, self._clock)
        self._kept[key] = bucket
        self._kept.move_to_end(key)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return bucket

    def forget(self) -> None:
        """For tests."""
        self._kept.clear()


@lru_cache(4096)
def neighbourhood(address: str) -> str:
    """Whom a limit counts for: an IPv4 address, the /64 network of an IPv6 one, "" for what is neither."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), HOME_NETWORK_BITS), strict=False))


def address_of(scope: Any) -> str:
    """The same for who sent a request or opened a socket; "" where the server knows no address."""
    return neighbourhood((scope.get("client") or [""])[0])
