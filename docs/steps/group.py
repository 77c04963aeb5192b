"""Rung 5: pushing to a group, the ordinary way. Each viewer has a channel, and each push is a message for each."""

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

GROUP = "steps.group"


class GroupConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def reading(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)
