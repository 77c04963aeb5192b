"""Step 3: groups. Two-way rooms: what one sends, everybody in the room's group gets."""

from datetime import UTC, datetime

from django.utils.translation import gettext as _

from examplechannels.broadcast import broadcast
from examplechannels.viewer import ViewerConsumer
from threechat.limits import TOO_MANY, FrameLimit
from threechat.messages import ClientError, Draft, Typing, message_frame, parse
from threechat.people import NameTaken, identify, named
from threechat.presence import ROOMS_GROUP, presence, presence_group
from threechat.rooms import BadRoomName, room_named


class RoomConsumer(ViewerConsumer):
    """One browser tab, or script, in one room."""

    overflow = "close"
    groups_joined: tuple[str, ...] = ()

    # Socket events

    async def connect(self) -> None:
        try:
            self.room = room_named(self.scope["url_route"]["kwargs"]["room"])
        except BadRoomName:
            await self.close()
            return
        self.person = identify(self.scope["user"], self.scope["session"])
        self.limit = FrameLimit()
        self.groups_joined = (self.room.messages_group,)
        if self.wants_events:
            self.groups_joined += (self.room.events_group, presence_group(self.room))
        presence.watch()
        presence.enter(self.room, self, self.person)
        for group in self.groups_joined:
            await broadcast.group_add(group, self)
        # Joined first, so that whoever is let in misses nothing from then on.
        await self.accept()
        if self.wants_events:
            await self.send_frame(presence.frame(self.room))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.limit.exhausted:
            return  # closed already; what was on its way is ignored
        allowed = self.limit.allows()
        if self.limit.exhausted:
            await self.close(TOO_MANY)
            return
        try:
            sent = parse(text_data)
            if isinstance(sent, Typing):
                if allowed:
                    await self.send_typing(sent)
            elif allowed:
                await self.send_message(sent)
            else:
                raise ClientError("too-fast", _("You send too fast; wait a second."), sent.client_id)
        except ClientError as error:
            await self.send_frame(error.frame())

    async def disconnect(self, code: int) -> None:
        if self.groups_joined:
            presence.leave(self.room, self)
            presence.unwatch()
        for group in self.groups_joined:
            await broadcast.group_discard(group, self)

    # Commands

    async def send_message(self, draft: Draft) -> None:
        """To everybody in the room; the sender's own copy is the echo that confirms it."""
        await self.take_name(draft.username, draft.client_id)
        frame = message_frame(draft, self.person, datetime.now(UTC))
        presence.said(
            self.room, {"username": frame["username"], "message": frame["message"], "datetime": frame["datetime"]}
        )
        broadcast.publish(self.room.messages_group, frame)

    async def send_typing(self, typing: Typing) -> None:
        await self.take_name(typing.username, None)
        broadcast.publish(self.room.events_group, {"type": "typing", "username": self.person.name})

    async def take_name(self, wanted: str | None, client_id: str | None) -> None:
        """Goes by the name a guest asks for from now on."""
        try:
            self.person = await named(self.person, wanted)
        except NameTaken:
            raise ClientError("name-taken", _("This name is an account's."), client_id) from None
        presence.enter(self.room, self, self.person)


class RoomsConsumer(ViewerConsumer):
    """The list of rooms, live: who is where, and the last line of each."""

    watching = False

    async def connect(self) -> None:
        await self.accept()
        self.watching = True
        presence.watch()
        await broadcast.group_add(ROOMS_GROUP, self)
        await self.send_frame(presence.rooms())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What a client sends is ignored."""

    async def disconnect(self, code: int) -> None:
        if self.watching:
            presence.unwatch()
            await broadcast.group_discard(ROOMS_GROUP, self)
