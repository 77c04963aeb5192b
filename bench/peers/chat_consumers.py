"""A chat with rooms as tutorials have it: one that stores nothing, and one that stores before it tells."""

import itertools
from datetime import UTC, datetime
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from threechat.models import Message, Room
from threechat.rooms import room_named

numbers = itertools.count(1)


class ForgetfulConsumer(AsyncWebsocketConsumer):  # type: ignore[misc, unused-ignore]
    """Each frame goes to the room's group as it came."""

    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    @property
    def group(self) -> str:
        return f"bench.{type(self).__name__}.{self.room}"

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.channel_layer.group_send(self.group, {"type": "chat.message", "text": text_data or ""})

    async def chat_message(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)


class StoringConsumer(ForgetfulConsumer):
    """The same after one row, with nobody asking who may write, what came before, or whether it is a resend."""

    async def connect(self) -> None:
        await super().connect()
        self.room_id = await database_sync_to_async(self.find_room)()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await database_sync_to_async(self.store)(text_data or "")
        await super().receive(text_data)

    def find_room(self) -> int:
        key = room_named(self.room).key
        Room.objects.bulk_create([Room(name=self.room, key=key)], ignore_conflicts=True)
        return Room.objects.get(key=key).pk

    def store(self, text: str) -> None:
        Message.objects.create(
            room_id=self.room_id,
            number=next(numbers),
            text=text,
            username="bench",
            sender="bench",
            sent_on=datetime.now(UTC),
        )
