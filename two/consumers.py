"""Step 2: an async consumer that streams readings into a chart.

The random feed goes to a group of this process. What devices send is recorded first, then published to one
group of all processes, of which each viewer gets its devices' part.
"""

from functools import lru_cache

from django.conf import settings

from examplechannels.broadcast import Selection, broadcast, encode, local_group
from examplechannels.close_codes import SERVICE_RESTART
from examplechannels.outlet import SendFrame, frame
from examplechannels.ticker import Ticker
from examplechannels.viewer import ViewerConsumer
from two.feeds import RANDOM, random_reading
from two.latest import last_readings
from two.live import EVENTS, PINS, TELEMETRY, account_came, account_left

SINGLE_GROUP = local_group("two.random")  # one object a frame, as the tutorials' clients expect
ARRAY_GROUP = local_group("two.random.array")  # arrays, for those who name devices


@lru_cache(2)
def random_frame(slot: int, in_array: bool) -> SendFrame:
    """The first frame of everybody who comes during a slot."""
    reading = random_reading(slot)
    return frame(encode([reading] if in_array else reading))


async def send_random(slot: int) -> None:
    reading = random_reading(slot)
    await broadcast.send_here(SINGLE_GROUP, reading)
    await broadcast.send_here(ARRAY_GROUP, [reading])


ticker = Ticker(send_random)


class TwoConsumer(ViewerConsumer):
    """`ws/two_url/`: without a query one random integer a frame; with `?device=` arrays of what those devices send."""

    accounts: frozenset[str] = frozenset()  # its own, once it asked for events
    watching = False

    async def connect(self) -> None:
        devices = frozenset(self.query.get("device", []))
        self.random_group = ARRAY_GROUP if devices else SINGLE_GROUP
        self.selection = None if "*" in devices else devices
        if self.wants_events:
            await self.join_events()
        # Joined before it is accepted: what comes meanwhile waits, behind the last reading of each metric.
        if devices - {RANDOM}:
            await broadcast.group_add(TELEMETRY, self, self.selection)
            for text in await last_readings(self.selection):
                self.send_first(frame(text))
        if not devices or devices & {RANDOM, "*"}:
            slot = await ticker.watch()
            self.watching = True
            await broadcast.group_add(self.random_group, self)
            self.send_first(random_frame(slot, in_array=bool(devices)))
        if not self.outlet.closed:  # its session ended meanwhile
            await self.accept()

    async def join_events(self) -> None:
        user = self.scope["user"]
        self.accounts = frozenset([str(user.pk)] if user.is_authenticated else [])
        await broadcast.group_add(EVENTS, self)
        if self.accounts or not settings.LOGIN_REQUIRED:
            await broadcast.group_add(PINS, self, self.accounts)
        if self.accounts:
            await account_came.asend(sender=None, socket=self)

    def selection_in(self, group: str) -> Selection:
        return self.accounts if group == PINS else self.selection

    async def expel(self, code: int) -> None:
        """The session is over: the page comes back as whoever it is by then, where it may."""
        await super().expel(code if settings.LOGIN_REQUIRED else SERVICE_RESTART)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What a client sends is ignored."""

    async def disconnect(self, code: int) -> None:
        if self.accounts:
            await account_left.asend(sender=None, socket=self)
        for group in (TELEMETRY, EVENTS, PINS):
            await broadcast.group_discard(group, self)
        if self.watching:
            await broadcast.group_discard(self.random_group, self)
            await ticker.unwatch()
