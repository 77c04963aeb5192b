"""Step 3: groups. Two-way rooms: what one sends, everybody in the room's group gets."""

from collections.abc import Callable
from contextlib import suppress

from examplechannels.broadcast import BroadcastEvent, broadcast, encode
from examplechannels.close_codes import TOO_MANY, TRY_LATER
from examplechannels.limits import TokenBucket, address_of
from examplechannels.outlet import SendFrame, frame
from examplechannels.viewer import ViewerConsumer
from threechat.access import Barred
from threechat.badges import badge_for, room_in_path, verdict_on
from threechat.directory import directory
from threechat.drafts import ClientError, Draft, Typing, parse, too_fast
from threechat.limits import BURST_TYPING, TYPING_PER_SECOND, FrameLimit
from threechat.messages import number_of, room_frame
from threechat.numbers import SentNumbers
from threechat.people import identify
from threechat.posting import go_by, post
from threechat.presence import presence, presence_group
from threechat.rechecks import rechecks
from threechat.rooms import BadRoomName, events_group, messages_group
from threechat.visits import note_visit
from threechat.writer import NotStored


class RoomConsumer(ViewerConsumer):
    """One browser tab, or script, in one room."""

    overflow = "close"
    groups_joined: tuple[str, ...] = ()
    is_in = False

    # Socket events

    async def connect(self) -> None:
        try:
            self.room, room_id = await room_in_path(**self.scope["url_route"]["kwargs"])
        except BadRoomName:
            await self.close()
            return
        self.person = identify(self.scope["user"], self.scope["session"])
        self.badge = badge_for(self.person, self.scope["session"], self.room.key, room_id)
        self.limit = FrameLimit(self.person.sender, address_of(self.scope))
        self.typing_limit = TokenBucket(BURST_TYPING, TYPING_PER_SECOND)
        self.sent = SentNumbers()
        with suppress(ClientError):  # a name that is taken is refused with the first frame
            self.person = await go_by(self.person, self.query.get("username", [""])[0])
        await self.join()
        # Joined first, so that who is let in misses nothing, and who is thrown out meanwhile hears of it.
        code, room = await verdict_on(self.badge)
        if code:
            await self.expel(code)
        if self.outlet.closed:
            return
        if room:
            self.badge = self.badge._replace(room_id=room.pk)
            self.sent.start_at(room.last_id)
        self.is_in = True
        presence.watch()
        presence.enter(self.room, self, self.person)
        if self.wants_events:
            self.send_first(frame(encode(room_frame(self.room.name, room))))
            self.send_first(frame(encode(presence.frame(self.room))))
        await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.outlet.closed:
            return  # what was on its way is ignored
        allowed = self.limit.allows()
        if self.limit.exhausted:
            await self.expel(TOO_MANY)
            return
        try:
            sent = parse(text_data)
            if isinstance(sent, Typing):
                if allowed:
                    await self.send_typing(sent)
            elif allowed:
                await self.send_message(sent)
            else:
                raise too_fast(sent.client_id)
        except ClientError as error:
            await self.send_frame(error.frame())
        except Barred as barred:
            await self.expel(barred.code)
        except NotStored:
            await self.expel(TRY_LATER)

    async def disconnect(self, code: int) -> None:
        await self.leave()
        if not self.is_in:
            return
        try:
            # First, for a list that is looked at meanwhile: who is in a room has read it.
            await note_visit(self.person, self.badge.room_id, self.sent.top)
        finally:
            presence.leave(self.room, self)
            presence.unwatch()

    # Commands

    async def send_message(self, draft: Draft) -> None:
        """To everybody in the room, once it is stored; the sender's own copy is the echo that confirms it."""
        await self.take_name(draft.username, draft.client_id)
        posted = await post(self.room, self.badge.room_id, self.person, draft, address_of(self.scope))
        self.badge = self.badge._replace(room_id=posted.room_id)
        self.sent.is_first(posted.frame["id"])
        await self.send_frame(posted.frame)

    async def send_typing(self, typing: Typing) -> None:
        await self.take_name(typing.username, None)
        if not self.typing_limit.take():
            broadcast.publish(events_group(self.room.key), {"type": "typing", "username": self.person.name})

    async def take_name(self, wanted: str | None, client_id: str | None) -> None:
        """Goes by the name a guest asks for from now on."""
        self.person = await go_by(self.person, wanted, client_id)
        presence.enter(self.room, self, self.person)

    # Coming, going

    async def join(self) -> None:
        self.groups_joined = (messages_group(self.room.key),)
        if self.wants_events:
            self.groups_joined += (events_group(self.room.key), presence_group(self.room))
        for group in self.groups_joined:
            await broadcast.group_add(group, self)
        await rechecks.add(self)

    async def leave(self) -> None:
        rechecks.discard(self)
        for group in self.groups_joined:
            await broadcast.group_discard(group, self)

    # Frames on their way out

    @property
    def deliver(self) -> Callable[[SendFrame], None]:
        return self.deliver_once

    def deliver_once(self, message: SendFrame) -> None:
        number = number_of(message["text"])
        if number is None or self.sent.is_first(number):
            self.outlet.send(message)

    async def broadcast(self, event: BroadcastEvent) -> None:
        if event["text"] is None:
            await super().broadcast(event)
        else:
            self.deliver_once(frame(event["text"]))


class RoomsConsumer(ViewerConsumer):
    """The list of rooms, live: who is where, and the last line of each."""

    group = ""
    looks = False

    async def connect(self) -> None:
        self.person = identify(self.scope["user"], self.scope["session"])
        self.badge = badge_for(self.person, self.scope["session"], "", None)
        await rechecks.add(self)
        self.group = directory.group(self.person.user_id)
        await broadcast.group_add(self.group, self)
        self.looks = True
        rooms = await directory.enter(self.person.user_id)
        if not self.outlet.closed:
            self.send_first(frame(encode(rooms)))
            await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What a client sends is ignored."""

    async def disconnect(self, code: int) -> None:
        rechecks.discard(self)
        if self.looks:
            directory.leave(self.person.user_id)
        if self.group:
            await broadcast.group_discard(self.group, self)
