"""How often somebody may send: over all of their sockets, and over all of an address."""

from examplechannels.limits import Buckets
from examplechannels.metrics import refusals

FRAMES_PER_SECOND = 10
BURST_FRAMES = 30
ADDRESS_FRAMES_PER_SECOND = 200  # a class behind one router
ADDRESS_BURST_FRAMES = 1000
BURST_ROOMS, ROOM_SECONDS = 100, 5.0  # new rooms of an address
BURST_TYPING, TYPING_PER_SECOND = 2, 0.5  # of a socket
MAX_REFUSALS = 100  # then the socket is closed with 4429

sign_ups = Buckets(20, 1 / 60)  # of an address
people = Buckets(BURST_FRAMES, FRAMES_PER_SECOND)
addresses = Buckets(ADDRESS_BURST_FRAMES, ADDRESS_FRAMES_PER_SECOND)
new_rooms = Buckets(BURST_ROOMS, 1 / ROOM_SECONDS)


class FrameLimit:
    """What one socket may send; counts what it refuses."""

    def __init__(self, sender: str, address: str) -> None:
        self._buckets = [people.of(sender), *([addresses.of(address)] if address else [])]
        self.refusals = 0  # in a row

    @property
    def exhausted(self) -> bool:
        """Whether so much was refused in a row that the socket is to be closed."""
        return self.refusals > MAX_REFUSALS

    def allows(self) -> bool:
        allowed = all(bucket.take() == 0 for bucket in self._buckets)
        if not allowed:
            refusals.labels("too-fast").inc()
        self.refusals = 0 if allowed else self.refusals + 1
        return allowed
