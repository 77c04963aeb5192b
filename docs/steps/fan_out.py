"""Rung 6: the same verbs, but the process has one channel and hands each frame to all of its viewers."""

from examplechannels.broadcast import broadcast
from examplechannels.viewer import ViewerConsumer

GROUP = "steps.fan_out"


class FanOutConsumer(ViewerConsumer):
    async def connect(self) -> None:
        await self.accept()
        await broadcast.group_add(GROUP, self)

    async def disconnect(self, code: int) -> None:
        await broadcast.group_discard(GROUP, self)
