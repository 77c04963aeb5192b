"""Liveness and readiness, for supervisors and load balancers."""

import asyncio
import logging
from collections.abc import Awaitable
from contextvars import Context
from uuid import uuid4

from channels.layers import get_channel_layer
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse

from examplechannels.complaints import Complaints
from examplechannels.connections import connections
from examplechannels.logs import first_line
from examplechannels.metrics import layer_answers
from examplechannels.questions import ask
from examplechannels.subscription import LAYER_ERRORS

complaints = Complaints(logging.getLogger(__name__))

READY_TIMEOUT_SECONDS = 2.0
AGAIN_SECONDS = 0.2

_finding_out: asyncio.Task[dict[str, bool]] | None = None


async def livez(request: HttpRequest) -> JsonResponse:
    """200 while the event loop of this process turns."""
    return JsonResponse({"status": "ok"})


async def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database and the channel layer answer, else 503; 503 once the server is to end.

    Anybody may ask, as often as they like: so it tells no reason (the log does), and who comes while it is being
    found out gets the same answer.
    """
    global _finding_out
    if connections.draining:
        return JsonResponse({"status": "stopping"}, status=503)
    if _finding_out is None or _finding_out.done():
        _finding_out = asyncio.create_task(_find_out(), name="readiness", context=Context())
    answers = await asyncio.shield(_finding_out)
    ready = all(answers.values())
    told = {name: "ok" if answered else "no answer" for name, answered in answers.items()}
    return JsonResponse({"status": "ok" if ready else "unavailable"} | told, status=200 if ready else 503)


async def _find_out() -> dict[str, bool]:
    """Which parts answer, by name."""
    database, layer = await asyncio.gather(_answers("database", _ask_database()), _answers("layer", _round_trip()))
    layer_answers.set(layer)
    return {"database": database, "channel_layer": layer}


async def _answers(name: str, question: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(READY_TIMEOUT_SECONDS):
            await question
    except (Error, *LAYER_ERRORS) as error:
        complaints.say("Not ready: the %s does not answer: %s", name, first_line(error))
        return False
    return True


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
        while not receiving.done():
            # Sent on another connection than the joining, which is not confirmed: it may overtake it.
            await layer.group_send(group, {"type": "ready"})
            await asyncio.wait([receiving], timeout=AGAIN_SECONDS)
        receiving.result()
    finally:
        # The layer forgets a channel only when its `receive` is cancelled.
        leaving = asyncio.ensure_future(layer.receive(channel)) if receiving.done() else receiving
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        await layer.group_discard(group, channel)
