"""The channel layers: Redis with every wait bounded, and one in memory that lets others in; whether Redis answers."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import redis
from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.core.management import CommandError
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from examplechannels.environment import place_of

SOCKET_TIMEOUT_SECONDS = 1.0
BATCH = 10  # members of a group that are sent to without a pause; with sync consumers each costs some 0.5 ms
PAUSE_SECONDS = 0.005
PAUSES_SECONDS = 1.0  # all pauses of one sending
CLEAN_SECONDS = 1.0


class RedisLayer(RedisPubSubChannelLayer):
    """Plain `channels_redis` pub/sub at `url`.

    `connections_made` grows with each connection to Redis, a replaced one included: what was sent to
    the old one may be lost, and neither redis-py nor the layer says so in any other way.
    """

    def __init__(self, url: str, **kwargs: Any) -> None:
        self.connections_made = 0
        host = {
            "address": url,
            "socket_timeout": SOCKET_TIMEOUT_SECONDS,
            "socket_connect_timeout": SOCKET_TIMEOUT_SECONDS,
            "max_connections": 100,
            # A failed command fails at once: subscription.py and publisher.py try again, and know what was lost.
            "retry": Retry(NoBackoff(), 0),
            "redis_connect_func": self._connected,
        }
        super().__init__(hosts=[host], **kwargs)

    async def _connected(self, connection: AbstractConnection) -> None:
        await connection.on_connect()
        self.connections_made += 1


class LocalLayer(InMemoryChannelLayer):
    """Channels' layer in memory, for large groups of one process.

    The plain one wakes all members at once, and walks through all of them at each message that one of them receives:
    with 500 sync consumers nobody else was served for a fifth of a second (docs/benchmarks.md, Doors stay open).
    """

    _cleaned_at = 0.0

    def _clean_expired(self) -> None:
        now = time.monotonic()
        if now - self._cleaned_at >= CLEAN_SECONDS:
            self._cleaned_at = now
            super()._clean_expired()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Sends to who is a member when it begins and does not leave meanwhile; a full mailbox is skipped."""
        self._clean_expired()
        members = list(self.groups.get(group, ()))
        pause = min(PAUSE_SECONDS, PAUSES_SECONDS * BATCH / max(len(members), 1))
        for number, channel in enumerate(members):
            if number and number % BATCH == 0:
                await asyncio.sleep(pause)
            if channel in self.groups.get(group, ()):
                with suppress(ChannelFull):
                    await self.send(channel, message)


def require_redis(url: str) -> None:
    """Asks Redis once whether it is there.

    Raises:
        CommandError: it does not answer.
    """
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
        client.ping()
        client.close()
    except (redis.RedisError, OSError, ValueError, TypeError) as error:  # TypeError: an option that there is not
        what = f"REDIS_URL: no answer from {place_of(url)}: {str(error).rstrip('.')}."
        raise CommandError(f"{what} Start it, or unset REDIS_URL.") from None
