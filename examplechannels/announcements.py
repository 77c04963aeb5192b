"""Tells sockets what changed, such as rooms, logins and rules, from sync code: after the commit, through the layer."""

import logging
from collections.abc import Iterable
from functools import partial

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from examplechannels.broadcast import BroadcastEvent, event
from examplechannels.subscription import LAYER_ERRORS

logger = logging.getLogger(__name__)


def announce(group: str, payload: object, to: Iterable[str] | None = None) -> None:
    """As `Broadcast.publish`, after the commit of the transaction that is under way, if any.

    What the layer does not take is lost: pages notice it with their next question, rechecks within 30 s.
    """
    transaction.on_commit(partial(_publish, event(group, payload, to)))


def _publish(message: BroadcastEvent) -> None:
    try:
        async_to_sync(get_channel_layer().group_send)(message["group"], message)
    except LAYER_ERRORS as error:
        logger.warning("The channel layer did not take the news of a change: %s", error)
