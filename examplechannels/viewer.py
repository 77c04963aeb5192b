"""Bases of the consumers: what every page's socket needs beside its own few lines."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal
from urllib.parse import parse_qs

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from examplechannels.broadcast import BroadcastEvent, Selection, encode, text_for
from examplechannels.languages import activate_for
from examplechannels.metrics import frames_sent
from examplechannels.outlet import Outlet, SendFrame, frame

CATCH_UP = frame(encode({"type": "catch_up"}))


def through(outlet: Outlet, send: Any) -> Any:
    """A `send` that hands frames to the outlet. It must not know the consumer: a cycle would outlive the socket."""

    async def send_or_queue(message: Any) -> None:
        if message["type"] == "websocket.send":
            outlet.send(message)
            frames_sent.inc()
        else:
            await send(message)
            if message["type"] == "websocket.accept":
                outlet.open()

    return send_or_queue


class SocketConsumer:
    """What every consumer here has, sync or async.

    - Its frames go through an `Outlet`: a peer that does not read makes nobody wait, not even the consumer.
    - `disconnect` is called once however the socket ends. Channels calls it only when the peer's goodbye is
      read, so a consumer whose handler raised, or that the server cancelled, would never undo its `connect`.
    """

    overflow: Literal["drop", "close"] = "drop"  # when the reader is too slow, see `Outlet`
    _said_goodbye = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        activate_for(scope)
        query = scope["query_string"].decode(errors="replace")
        self.query = parse_qs(query) if query else {}
        self.wants_events = "all" in self.query.get("events", [])
        catch_up = CATCH_UP if self.wants_events else None
        self.outlet = Outlet(scope.get("server_send", send), self.overflow, catch_up, scope.get("write_frame"))
        try:
            await super().__call__(scope, receive, through(self.outlet, send))  # type: ignore[misc]
        finally:
            self.outlet.end()
            if not self._said_goodbye:
                try:
                    await self.dispatch({"type": "websocket.disconnect", "code": 1006})
                except StopConsumer:
                    pass

    async def dispatch(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.disconnect":
            self._said_goodbye = True
        await super().dispatch(message)  # type: ignore[misc]


class SlimConsumer(AsyncWebsocketConsumer):
    """An async consumer without what Channels does for a channel and for the database, where it has and asks neither.

    That is a second task, and, around each message, a look for old connections in the one thread that sync code outside
    of requests shares. The database is asked through `questions` alone.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.channel_layer_alias is not None:
            await super().__call__(scope, receive, send)
            return
        self.scope, self.base_send, self.channel_layer = scope, send, None
        with suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def dispatch(self, message: dict[str, Any]) -> None:
        await getattr(self, get_handler_name(message))(message)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        await self.disconnect(message["code"])
        raise StopConsumer


class ViewerConsumer(SocketConsumer, SlimConsumer):
    """A socket that watches groups through `broadcast`.

    With FANOUT=channels it has a channel of its own, and Channels calls `broadcast` for each event.
    """

    selection: Selection = None  # of events of parts
    _is_accepted = False

    @property
    def channel_layer_alias(self) -> str | None:
        return "default" if settings.FANOUT == "channels" else None

    @property
    def deliver(self) -> Callable[[SendFrame], None]:
        return self.outlet.send

    def catch_up(self) -> None:
        self.outlet.catch_up()

    def send_first(self, message: SendFrame) -> None:
        """Sends before anything that came since the socket joined its groups; to be called before `accept`."""
        self.outlet.send_first(message)

    async def accept(self, *args: Any, **kwargs: Any) -> None:
        self._is_accepted = True
        await super().accept(*args, **kwargs)

    async def expel(self, code: int) -> None:
        """Closes the socket, which gets nothing any more; accepts it first where need be, for browsers to read why."""
        if self.outlet.closed:
            return
        self.outlet.end()
        with suppress(OSError):  # the peer is gone already
            if not self._is_accepted:
                await self.accept()
            await self.close(code)

    async def send_frame(self, payload: object) -> None:
        """Sends to this socket alone."""
        await self.send(text_data=encode(payload))

    def selection_in(self, group: str) -> Selection:
        return self.selection

    async def broadcast(self, event: BroadcastEvent) -> None:
        text = text_for(event, self.selection_in(event["group"]))
        if text:
            await self.send(text_data=text)
        elif text is None and self.wants_events:
            await self.send(text_data=CATCH_UP["text"])
