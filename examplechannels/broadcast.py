"""Hands what is sent to a group to every viewer of this process, for the price of a send each.

Publishing is plain Channels: `channel_layer.group_send(group, event(group, payload))`. Subscribing uses the
same verbs as a layer does: `await broadcast.group_add(group, viewer)`. A frame is encoded once, crosses the
layer once per process, and costs each local viewer one send (docs/benchmarks.md, Fan-out).
"""

import asyncio
import json
from collections.abc import Callable
from typing import Literal, Protocol, TypedDict
from uuid import uuid4

from channels.layers import get_channel_layer
from django.conf import settings

from examplechannels.outlet import SendFrame, frame
from examplechannels.publisher import Publisher
from examplechannels.subscription import Subscription

DELIVERIES_PER_TURN = 256  # then the event loop serves others
LOCAL_PREFIX = f"local.{uuid4().hex}."


class BroadcastEvent(TypedDict):
    """What travels through the channel layer to a group of viewers."""

    type: Literal["broadcast"]
    group: str
    text: str | None  # the frame; None: frames to this group were lost on their way into the layer


class Viewer(Protocol):
    """Who can be in a group: takes frames without being waited for."""

    def deliver(self, message: SendFrame) -> None: ...

    def catch_up(self) -> None: ...


def encode(payload: object) -> str:
    """The JSON text of a frame."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def event(group: str, payload: object) -> BroadcastEvent:
    return {"type": "broadcast", "group": group, "text": encode(payload)}


def local_group(name: str) -> str:
    """A group of this process alone; the layer never hears of it. See `Broadcast.send_here`."""
    return LOCAL_PREFIX + name


class Broadcast:
    """The groups of one process. All methods belong to its event loop."""

    def __init__(self, alias: str = "default") -> None:
        self._alias = alias
        self._groups: dict[str, dict[Viewer, Callable[[SendFrame], None]]] = {}
        self._subscription = Subscription(alias, self._in_layer, self._receive, self.catch_up)
        self._publisher = Publisher(alias)

    async def group_add(self, group: str, viewer: Viewer) -> None:
        """Hands what is sent to `group` from now on to `viewer`; while the layer is away, as soon as it is back.

        A consumer with a channel of its own (FANOUT=channels) joins the layer's group, the ordinary way.
        """
        if layer := getattr(viewer, "channel_layer", None):
            await layer.group_add(group, viewer.channel_name)  # type: ignore[attr-defined]
            return
        self._groups.setdefault(group, {})[viewer] = viewer.deliver
        await self._settle(group)

    async def group_discard(self, group: str, viewer: Viewer) -> None:
        """Undoes `group_add`; does nothing for who is not in the group."""
        if layer := getattr(viewer, "channel_layer", None):
            await layer.group_discard(group, viewer.channel_name)  # type: ignore[attr-defined]
            return
        viewers = self._groups.get(group, {})
        viewers.pop(viewer, None)
        if not viewers:
            self._groups.pop(group, None)
        await self._settle(group)

    def publish(self, group: str, payload: object) -> None:
        """`group_send` for who must not wait, such as a consumer: what cannot be sent is followed by `catch_up`."""
        self._publisher.publish(event(group, payload))

    async def send_here(self, group: str, payload: object) -> None:
        """Sends to this process's viewers of a `local_group`; nothing of it waits for Redis."""
        if settings.FANOUT == "channels":
            await get_channel_layer(self._alias).group_send(group, event(group, payload))
        await self._fan_out(group, frame(encode(payload)))

    def catch_up(self, group: str | None = None) -> None:
        """Tells the viewers of one or all of the layer's groups that frames may have been lost."""
        for name in [group] if group else self._in_layer():
            for viewer in tuple(self._groups.get(name, ())):
                viewer.catch_up()

    def counts(self) -> dict[str, int]:
        """Viewers per group."""
        return {group: len(viewers) for group, viewers in self._groups.items()}

    async def _settle(self, group: str) -> None:
        if not group.startswith(LOCAL_PREFIX):
            await self._subscription.settle(group)

    def _in_layer(self) -> set[str]:
        """The groups that somebody here watches and that cross processes."""
        return {group for group in self._groups if not group.startswith(LOCAL_PREFIX)}

    async def _receive(self, message: BroadcastEvent) -> None:
        if message["text"] is None:
            self.catch_up(message["group"])
        else:
            await self._fan_out(message["group"], frame(message["text"]))

    async def _fan_out(self, group: str, message: SendFrame) -> None:
        viewers = self._groups.get(group, {})
        for number, viewer in enumerate(tuple(viewers), start=1):
            if deliver := viewers.get(viewer):  # it may have left while others had their turn
                deliver(message)
            if number % DELIVERIES_PER_TURN == 0:
                await asyncio.sleep(0)


broadcast = Broadcast()
