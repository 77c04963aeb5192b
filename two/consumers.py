"""Step 2: an async consumer that streams readings into a chart.

The random feed goes to a group of this process. What devices send is recorded first, then published to one
group of all processes, of which each viewer gets its devices' part.
"""

from collections.abc import Sequence

from examplechannels.broadcast import broadcast, encode, local_group
from examplechannels.ticker import Ticker
from examplechannels.viewer import ViewerConsumer
from two.feeds import RANDOM, random_reading
from two.latest import last_readings
from two.live import EVENTS, TELEMETRY, account_group

SINGLE_GROUP = local_group("two.random")  # one object a frame, as the tutorials' clients expect
ARRAY_GROUP = local_group("two.random.array")  # arrays, for those who name devices


async def send_random(slot: int) -> None:
    reading = random_reading(slot)
    await broadcast.send_here(SINGLE_GROUP, reading)
    await broadcast.send_here(ARRAY_GROUP, [reading])


ticker = Ticker(send_random)


class TwoConsumer(ViewerConsumer):
    """`ws/two_url/`: without a query one random integer a frame; with `?device=` arrays of what those devices send."""

    watching = False
    event_groups: Sequence[str] = ()

    async def connect(self) -> None:
        devices = frozenset(self.query.get("device", []))
        self.random_group = ARRAY_GROUP if devices else SINGLE_GROUP
        self.selection = None if "*" in devices else devices
        self.event_groups = self.groups_of_events() if self.wants_events else []
        for group in self.event_groups:
            await broadcast.group_add(group, self)
        # Joined before it is accepted: what comes meanwhile waits, behind the last reading of each metric.
        if devices - {RANDOM}:
            await broadcast.group_add(TELEMETRY, self, self.selection)
            for text in await last_readings(self.selection):
                self.send_first(text)
        if not devices or devices & {RANDOM, "*"}:
            slot = await ticker.watch()
            self.watching = True
            await broadcast.group_add(self.random_group, self)
            reading = random_reading(slot)
            self.send_first(encode([reading] if devices else reading))
        await self.accept()

    def groups_of_events(self) -> list[str]:
        user = self.scope["user"]
        return [EVENTS, account_group(user.pk)] if user.is_authenticated else [EVENTS]

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What a client sends is ignored."""

    async def disconnect(self, code: int) -> None:
        await broadcast.group_discard(TELEMETRY, self)
        for group in self.event_groups:
            await broadcast.group_discard(group, self)
        if self.watching:
            await broadcast.group_discard(self.random_group, self)
            await ticker.unwatch()
