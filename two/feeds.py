"""What there is to watch before any device is connected: a random integer per time slot, and this machine itself."""

from functools import lru_cache
from typing import TypedDict

from django.utils.crypto import salted_hmac

from examplechannels.ticker import slot_start_ms

RANDOM = "random"  # the slug of the random feed's device
REMEMBERED_SLOTS = 4_096


class Reading(TypedDict):
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


def random_reading(slot: int) -> Reading:
    return {"data": random_at(slot), "device": RANDOM, "metric": "value", "unit": "", "at": slot_start_ms(slot)}
