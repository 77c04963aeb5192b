"""Bases of the consumers: what every page's socket needs beside its own few lines."""

from typing import Any, Literal
from urllib.parse import parse_qs

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from examplechannels.broadcast import BroadcastEvent, encode
from examplechannels.outlet import Outlet, frame

CATCH_UP = frame(encode({"type": "catch_up"}))


class AlwaysDisconnects:
    """Calls `disconnect` once however the socket ends.

    Channels calls it only when the peer's goodbye is read, so a consumer whose send or handler raised,
    or that the server cancelled, would never undo what its `connect` did.
    """

    _said_goodbye = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)  # type: ignore[misc]
        finally:
            if not self._said_goodbye:
                try:
                    await self.dispatch({"type": "websocket.disconnect", "code": 1006})
                except StopConsumer:
                    pass

    async def dispatch(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.disconnect":
            self._said_goodbye = True
        await super().dispatch(message)  # type: ignore[misc]


class ViewerConsumer(AlwaysDisconnects, AsyncWebsocketConsumer):
    """A socket that watches groups through `broadcast`.

    `overflow` is what happens when its reader is too slow: see `Outlet`. With FANOUT=channels it has a
    channel of its own and Channels calls `broadcast` for each event.
    """

    overflow: Literal["drop", "close"] = "drop"

    @property
    def channel_layer_alias(self) -> str | None:
        return "default" if settings.FANOUT == "channels" else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.query = parse_qs(scope["query_string"].decode(errors="replace"))
        wants_events = "all" in self.query.get("events", [])
        outlet = Outlet(scope.get("server_send", send), self.overflow, CATCH_UP if wants_events else None)
        self.wants_events = wants_events
        self.deliver = outlet.send
        self.catch_up = outlet.catch_up
        try:
            await super().__call__(scope, receive, send)
        finally:
            outlet.end()

    async def send_frame(self, payload: object) -> None:
        """Sends to this socket alone."""
        await self.send(text_data=encode(payload))

    async def broadcast(self, event: BroadcastEvent) -> None:
        if event["text"] is not None:
            await self.send(text_data=event["text"])
        elif self.wants_events:
            await self.send(text_data=CATCH_UP["text"])
