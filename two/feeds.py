"""The server's own devices, there before any other is connected: the random feed, and this machine (two/host.py)."""

from functools import lru_cache
from typing import TypedDict

from django.utils.crypto import salted_hmac

from examplechannels.ticker import slot_start_ms

RANDOM = "random"  # the slugs of the server's own devices
HOST = "host"
OWN_DEVICES = {RANDOM, HOST}
RANDOM_METRIC = "value"
REMEMBERED_SLOTS = 4_096


class ReadingFrame(TypedDict):
    """One value on the wire."""

    data: float
    device: str
    metric: str
    unit: str
    at: int  # Unix milliseconds


@lru_cache(REMEMBERED_SLOTS)
def random_at(slot: int) -> int:
    """0-100, the same in every process and on every host."""
    return int.from_bytes(salted_hmac("two.random", str(slot)).digest()[:8]) % 101


def random_reading(slot: int) -> ReadingFrame:
    return {"data": random_at(slot), "device": RANDOM, "metric": RANDOM_METRIC, "unit": "", "at": slot_start_ms(slot)}
