"""The Redis channel layer with every wait bounded, that counts the connections it makes; whether Redis answers."""

from typing import Any
from urllib.parse import urlsplit

import redis
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.core.management import CommandError
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

SOCKET_TIMEOUT_SECONDS = 1.0


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
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
        reason = str(error).rstrip(".")
        raise CommandError(f"REDIS_URL: no answer from {place}: {reason}. Start it, or unset REDIS_URL.") from None
