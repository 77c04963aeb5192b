"""Hands what is sent to a group to every viewer of this process, for the price of a send each.

Publishing is plain Channels: `channel_layer.group_send(group, event(group, payload))`. Subscribing uses the
same verbs as a layer does: `await broadcast.group_add(group, viewer)`. A frame is encoded once, crosses the
layer once per process, and costs each local viewer one send (docs/benchmarks.md, Fan-out).
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from typing import Literal, NotRequired, Protocol, TypedDict
from uuid import uuid4

from channels.layers import get_channel_layer
from django.conf import settings

from examplechannels.metrics import fan_out_seconds, frames_sent, groups
from examplechannels.outlet import SendFrame, frame
from examplechannels.publisher import Publisher
from examplechannels.subscription import Subscription

DELIVERIES_PER_TURN = 256  # then the event loop serves others
LOCAL_PREFIX = f"local.{uuid4().hex}."


Selection = frozenset[str] | None  # the parts of an event that somebody wants; None: all


class BroadcastEvent(TypedDict):
    """What travels through the channel layer to a group of viewers; the keys of `parts` are what viewers select.

    - A `text` without parts is the frame that everybody gets.
    - A `text` with parts is the frame for those who selected one of its keys; the values do not count.
    - "" with parts of JSON elements: each viewer gets an array of those that it selected.
    - None: frames were lost on their way into the layer. Everybody catches up; with parts, who selected one.
    """

    type: Literal["broadcast"]
    group: str
    text: str | None
    parts: NotRequired[dict[str, str]]


class Viewer(Protocol):
    """Who can be in a group: takes frames without being waited for."""

    def deliver(self, message: SendFrame) -> None: ...

    def catch_up(self) -> None: ...


def encode(payload: object) -> str:
    """The JSON text of a frame."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def event(group: str, payload: object, to: Iterable[str] | None = None) -> BroadcastEvent:
    """An event for all viewers, or those that selected one of `to`."""
    found: BroadcastEvent = {"type": "broadcast", "group": group, "text": encode(payload)}
    if to is not None:
        found["parts"] = dict.fromkeys(to, "")
    return found


def event_of_parts(group: str, parts: dict[str, str]) -> BroadcastEvent:
    """An event of which each viewer gets the parts that it selected. A part is JSON: one element or more."""
    return {"type": "broadcast", "group": group, "text": "", "parts": parts}


def text_for(event: BroadcastEvent, selection: Selection) -> str | None:
    """The frame that a viewer with this selection gets: "" for none, None for `catch_up`."""
    parts = event.get("parts")
    if parts is None:
        return event["text"]
    if text := event["text"]:
        return text if selection is None or any(one in parts for one in selection) else ""
    if text is None:  # these parts were lost
        return None if selection is None or not selection.isdisjoint(parts) else ""
    chosen = parts.values() if selection is None else [parts[name] for name in parts if name in selection]
    return f"[{','.join(chosen)}]" if chosen else ""


def local_group(name: str) -> str:
    """A group of this process alone; the layer never hears of it. See `Broadcast.send_here`."""
    return LOCAL_PREFIX + name


class Broadcast:
    """The groups of one process. All methods belong to its event loop."""

    def __init__(self, alias: str = "default") -> None:
        self._alias = alias
        # By group, then by what of its events they want: what several want alike is joined once.
        self._groups: dict[str, dict[Selection, dict[Viewer, Callable[[SendFrame], None]]]] = {}
        self._subscription = Subscription(alias, self._in_layer, self._receive, self.catch_up)
        self._publisher = Publisher(alias)

    async def group_add(self, group: str, viewer: Viewer, selection: Selection = None) -> None:
        """Hands what is sent to `group` from now on to `viewer`; while the layer is away, as soon as it is back.

        Of an event of parts it gets those in `selection` (None: all); it is in a group once.

        A consumer with a channel of its own (FANOUT=channels) joins the layer's group, the ordinary way.
        """
        if layer := getattr(viewer, "channel_layer", None):
            await layer.group_add(group, viewer.channel_name)  # type: ignore[attr-defined]
            return
        self._groups.setdefault(group, {}).setdefault(selection, {})[viewer] = viewer.deliver
        await self._settle(group)

    async def group_discard(self, group: str, viewer: Viewer) -> None:
        """Undoes `group_add`; does nothing for who is not in the group."""
        if layer := getattr(viewer, "channel_layer", None):
            await layer.group_discard(group, viewer.channel_name)  # type: ignore[attr-defined]
            return
        selections = self._groups.get(group, {})
        for selection in [wanted for wanted, viewers in selections.items() if viewer in viewers]:
            del selections[selection][viewer]
            if not selections[selection]:
                del selections[selection]
        if not selections:
            self._groups.pop(group, None)
        await self._settle(group)

    def publish(self, group: str, payload: object, to: Iterable[str] | None = None) -> None:
        """`group_send` for who must not wait, such as a consumer: what cannot be sent is followed by `catch_up`.

        With `to` only for viewers that selected one of these.
        """
        self._publisher.publish(event(group, payload, to))

    def publish_parts(self, group: str, parts: dict[str, str]) -> None:
        """The same for an event of parts."""
        self._publisher.publish(event_of_parts(group, parts))

    def publish_loss(self, group: str, parts: Iterable[str]) -> None:
        """Tells the viewers, in every process, of these parts to catch up."""
        self._publisher.publish({"type": "broadcast", "group": group, "text": None, "parts": dict.fromkeys(parts, "")})

    async def send_here(self, group: str, payload: object) -> None:
        """Sends to this process's viewers of a `local_group`; nothing of it waits for Redis."""
        if settings.FANOUT == "channels":
            await get_channel_layer(self._alias).group_send(group, event(group, payload))
        await self._fan_out(event(group, payload))

    def catch_up(self, group: str | None = None) -> None:
        """Tells the viewers of one or all of the layer's groups that frames may have been lost."""
        for name in [group] if group else self._in_layer():
            for viewers in tuple(self._groups.get(name, {}).values()):
                for viewer in tuple(viewers):
                    viewer.catch_up()

    def may_be_watched(self, group: str) -> bool:
        """False: nobody watches it, here or in any other process that hears of it."""
        return group in self._groups or bool(settings.REDIS_URL) or settings.FANOUT == "channels"

    def is_watched_here(self, group: str) -> bool:
        """Whether this process has a viewer of the group; True where it cannot know (FANOUT=channels)."""
        return group in self._groups or settings.FANOUT == "channels"

    def counts(self) -> dict[str, int]:
        """Viewers per group."""
        return {group: sum(map(len, selections.values())) for group, selections in self._groups.items()}

    async def _settle(self, group: str) -> None:
        groups.set(len(self._groups))
        if not group.startswith(LOCAL_PREFIX):
            await self._subscription.settle(group)

    def _in_layer(self) -> set[str]:
        """The groups that somebody here watches and that cross processes."""
        return {group for group in self._groups if not group.startswith(LOCAL_PREFIX)}

    async def _receive(self, message: BroadcastEvent) -> None:
        await self._fan_out(message)

    async def _fan_out(self, message: BroadcastEvent) -> None:
        started, frames = time.perf_counter(), 0
        for selection, viewers in tuple(self._groups.get(message["group"], {}).items()):
            text = text_for(message, selection)
            if text:
                frames += len(viewers)
                await _deliver(viewers, frame(text))
            elif text is None:
                for viewer in tuple(viewers):
                    viewer.catch_up()
        if frames:
            frames_sent.inc(frames)
            fan_out_seconds.observe(time.perf_counter() - started)


async def _deliver(viewers: dict[Viewer, Callable[[SendFrame], None]], message: SendFrame) -> None:
    for number, viewer in enumerate(tuple(viewers), start=1):
        if deliver := viewers.get(viewer):  # it may have left while others had their turn
            deliver(message)
        if number % DELIVERIES_PER_TURN == 0:
            await asyncio.sleep(0)


broadcast = Broadcast()
