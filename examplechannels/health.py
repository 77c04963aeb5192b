"""Liveness and readiness, for supervisors and load balancers."""

import asyncio
from collections.abc import Awaitable
from uuid import uuid4

from channels.layers import get_channel_layer
from django.db import connection
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, JsonResponse

from examplechannels.connections import connections
from examplechannels.metrics import layer_answers
from examplechannels.questions import ask
from examplechannels.subscription import LAYER_ERRORS

READY_TIMEOUT_SECONDS = 2.0


async def livez(request: HttpRequest) -> JsonResponse:
    """200 while the event loop of this process turns."""
    return JsonResponse({"status": "ok"})


async def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database and the channel layer answer, else 503 with the reason; 503 once the server is to end."""
    if connections.draining:
        return JsonResponse({"status": "stopping"}, status=503)
    reasons = dict(
        await asyncio.gather(_trouble("database", _ask_database()), _trouble("channel_layer", _round_trip()))
    )
    layer_answers.set(not reasons["channel_layer"])
    ready = not any(reasons.values())
    body = {"status": "ok" if ready else "unavailable"} | {name: why or "ok" for name, why in reasons.items()}
    return JsonResponse(body, status=200 if ready else 503)


async def _trouble(name: str, question: Awaitable[None]) -> tuple[str, str]:
    try:
        async with asyncio.timeout(READY_TIMEOUT_SECONDS):
            await question
    except (DatabaseError, *LAYER_ERRORS) as error:
        return name, str(error).strip().splitlines()[0] if str(error).strip() else "no answer in time"
    return name, ""


async def _ask_database() -> None:
    await ask(_select_one, urgent=True)  # a request's thread would wait for the pool, longer than a probe does


def _select_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def _round_trip() -> None:
    """Sends a message through the layer's groups and waits until it is back."""
    layer = get_channel_layer()
    group = f"ready.{uuid4().hex}"
    await layer.group_send(group, {"type": "ready"})  # an unreachable layer raises here, and leaves nothing behind
    channel = await layer.new_channel()
    receiving = asyncio.ensure_future(layer.receive(channel))
    try:
        await layer.group_add(group, channel)
        await layer.group_send(group, {"type": "ready"})
        await asyncio.wait([receiving])
    finally:
        # The layer forgets a channel only when its `receive` is cancelled.
        leaving = asyncio.ensure_future(layer.receive(channel)) if receiving.done() else receiving
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        await layer.group_discard(group, channel)
