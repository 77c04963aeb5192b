"""Step 1: a sync consumer that pushes a random English word every two seconds.

There is no loop in `connect`: a ticker sends each word to a group, and Channels calls `word` for each member.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict

from asgiref.sync import async_to_sync, sync_to_async
from channels.consumer import SyncConsumer
from channels.db import DatabaseSyncToAsync
from channels.generic.websocket import WebsocketConsumer
from channels.layers import get_channel_layer

from examplechannels.broadcast import encode
from examplechannels.ticker import Ticker, slot_start_ms
from examplechannels.viewer import SocketConsumer
from one.words import word_at

GROUP = "one"
LAYER = "local"  # words never wait for Redis: each process ticks for its own visitors


class WordEvent(TypedDict):
    type: str
    text: str


def word_frame(slot: int) -> str:
    return encode({"message": word_at(slot), "at": slot_start_ms(slot)})


async def send_word(slot: int) -> None:
    text = await sync_to_async(word_frame, thread_sensitive=False)(slot)
    await get_channel_layer(LAYER).group_send(GROUP, {"type": "word", "text": text})


ticker = Ticker(send_word)


class SharedThreadConsumer(WebsocketConsumer):
    """A sync consumer whose handlers run in one thread, which all visitors of this page share, and nothing else.

    Sync code outside of requests, and what Channels does for the database of async consumers, shares another thread,
    which 500 visitors of this page would keep busy at each word (docs/benchmarks.md, Doors stay open).
    """

    dispatch = DatabaseSyncToAsync(
        SyncConsumer.dispatch.__wrapped__,
        thread_sensitive=False,
        executor=ThreadPoolExecutor(1, thread_name_prefix="one"),
    )


class OneConsumer(SocketConsumer, SharedThreadConsumer):
    channel_layer_alias = LAYER

    watching = False

    def connect(self) -> None:
        async_to_sync(self.channel_layer.group_add)(GROUP, self.channel_name)
        slot = async_to_sync(ticker.watch)()
        self.watching = True
        self.accept()
        self.send(text_data=word_frame(slot))

    def word(self, event: WordEvent) -> None:
        self.send(text_data=event["text"])

    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What a client sends is ignored."""

    def disconnect(self, code: int) -> None:
        async_to_sync(self.channel_layer.group_discard)(GROUP, self.channel_name)
        if self.watching:
            async_to_sync(ticker.unwatch)()
