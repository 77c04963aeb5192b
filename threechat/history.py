"""What was said in a room, a page at a time. Blocks."""

from datetime import timedelta
from typing import NamedTuple, TypedDict

from threechat.messages import DeletedFrame, MessageFrame, frame_of, message_frame
from threechat.models import Message, Room

PAGE_MESSAGES = 50
MAX_PAGE_MESSAGES = 200
GROUP_WITHIN = timedelta(minutes=5)


class HistoryPage(TypedDict):
    messages: list[MessageFrame | DeletedFrame]  # oldest first
    more: bool  # whether there is more in the direction that was asked for


class Row(NamedTuple):
    """A message as templates show it."""

    message: Message
    frame: MessageFrame
    mine: bool
    continued: bool  # by whoever wrote the one before, a moment ago: name and time need no repeating


class Latest(NamedTuple):
    """What a room's page begins with."""

    said: list[Message]  # oldest first, without deletions
    have: int  # the page lacks nothing up to this number, but for what is older
    more: bool  # whether there are older ones

    @property
    def messages(self) -> list[MessageFrame]:
        return [message_frame(message) for message in self.said]

    def rows(self, sender: str) -> list[Row]:
        """The same for templates, to somebody with this public id."""
        befores = [None, *self.said]
        return [
            Row(message, message_frame(message), message.sender == sender, _continues(before, message))
            for before, message in zip(befores, self.said, strict=False)
        ]


def _continues(before: Message | None, message: Message) -> bool:
    """As continuesGroup in static/js/models/entries.js; days are the server's here."""
    return (
        before is not None
        and (before.sender, before.username) == (message.sender, message.username)
        and before.sent_on.date() == message.sent_on.date()
        and abs(message.sent_on - before.sent_on) < GROUP_WITHIN
    )


def latest(room: Room | None) -> Latest:
    """The last messages. `have` is read first: what is said meanwhile comes twice rather than never."""
    if room is None:
        return Latest([], 0, more=False)
    said = Message.objects.filter(room=room).exclude(kind=Message.Kind.DELETED).select_related("media")
    found = list(said.order_by("-number")[: PAGE_MESSAGES + 1])[::-1]
    return Latest(found[-PAGE_MESSAGES:], room.last_id, more=len(found) > PAGE_MESSAGES)


def history_page(room: Room | None, after: int | None, before: int | None, limit: int) -> HistoryPage:
    """At most `limit` events: the next ones `after` a number, else the last ones (`before` a number)."""
    if room is None:
        return {"messages": [], "more": False}
    found = _events(room, after, before, limit + 1)
    more = len(found) > limit
    page = (found[:limit] if after is not None else found[1:]) if more else found
    return {"messages": [frame_of(message) for message in page], "more": more}


def _events(room: Room, after: int | None, before: int | None, limit: int) -> list[Message]:
    """Oldest first."""
    found = Message.objects.filter(room=room).select_related("media")
    if after is not None:
        return list(found.filter(number__gt=after).order_by("number")[:limit])
    if before is not None:
        found = found.filter(number__lt=before)
    return list(found.order_by("-number")[:limit])[::-1]
