"""Sends a frame to a group from the shell: `manage.py publish room:room1 '{"message": "hi"}'`.

Nothing is stored: sockets get the frame, while a room's page shows messages that are stored alone.
"""

import json
from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, get_channel_layer
from django.conf import settings
from django.core.management import BaseCommand, CommandError

from examplechannels.broadcast import encode, event
from examplechannels.layers import require_redis
from threechat.rooms import NAME_RULE, BadRoomName, messages_group, room_named

ROOM_PREFIX = "room:"


class Command(BaseCommand):
    help = "Sends a frame to all viewers of a group."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("group", help="a group's name, or room:NAME for a chat room")
        parser.add_argument("json", help="the frame")

    def handle(self, *args: Any, group: str, json: str, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError(
                "The in-memory channel layer does not cross processes, so no server would hear this: "
                "set REDIS_URL for both."
            )
        require_redis(settings.REDIS_URL)
        name, payload = _group(group), _payload(json)
        async_to_sync(get_channel_layer().group_send)(name, event(name, payload))
        self.stdout.write(f"Sent to {group}.")


def _group(group: str) -> str:
    try:
        if group.startswith(ROOM_PREFIX):
            return messages_group(room_named(group.removeprefix(ROOM_PREFIX)).key)
        BaseChannelLayer().require_valid_group_name(group)
    except BadRoomName:
        raise CommandError(str(NAME_RULE)) from None
    except TypeError:
        raise CommandError("A group's name has up to 99 ASCII letters, digits, -, _ or .") from None
    return group


def _payload(text: str) -> Any:
    try:
        payload = json.loads(text)
        encode(payload).encode()
    except (ValueError, RecursionError) as error:
        raise CommandError(f"This is not JSON that can be sent: {error}.") from None
    return payload
