"""Step 2: an async consumer that streams readings into a chart.

The random feed goes to a group of this process; each visitor joins it, and gets the present value first.
"""

from examplechannels.broadcast import broadcast, local_group
from examplechannels.ticker import Ticker
from examplechannels.viewer import ViewerConsumer
from two.feeds import RANDOM, random_reading

SINGLE_GROUP = local_group("two.random")  # one object a frame, as the tutorials' clients expect
ARRAY_GROUP = local_group("two.random.array")  # arrays, for those who name devices


async def send_random(slot: int) -> None:
    reading = random_reading(slot)
    await broadcast.send_here(SINGLE_GROUP, reading)
    await broadcast.send_here(ARRAY_GROUP, [reading])


ticker = Ticker(send_random)


class TwoConsumer(ViewerConsumer):
    watching = False

    async def connect(self) -> None:
        await self.accept()
        devices = self.query.get("device", [])
        self.group = ARRAY_GROUP if devices else SINGLE_GROUP
        if devices and not {RANDOM, "*"} & set(devices):
            return  # no device of that name has sent anything yet
        slot = await ticker.watch()
        self.watching = True
        await broadcast.group_add(self.group, self)
        reading = random_reading(slot)
        await self.send_frame([reading] if devices else reading)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What a client sends is ignored."""

    async def disconnect(self, code: int) -> None:
        if self.watching:
            await broadcast.group_discard(self.group, self)
            await ticker.unwatch()
