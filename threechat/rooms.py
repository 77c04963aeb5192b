"""Room names, and the groups that belong to a room."""

import hashlib
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from threechat.names import BLANK
from two.alarms.wire import room_of
from two.devices import are_known

MAX_NAME_CHARACTERS = 80
NAME_RULE = _("A room's name has 1 to 80 letters, digits, spaces, _ or -.")


class BadRoomName(ValueError):
    """Not a room's name."""


@dataclass(frozen=True)
class RoomName:
    """A room by its normalised name; people can meet in it before it is stored."""

    name: str

    @property
    def key(self) -> str:
        """The same for names that differ in case only; ASCII, as group names must be."""
        return hashlib.sha256(unicodedata.normalize("NFC", self.name.casefold()).encode()).hexdigest()[:32]


def room_named(name: str) -> RoomName:
    """The room of a name: letters, digits, space, `_` and `-` in any script, 1-80 characters, NFC, trimmed.

    Raises:
        BadRoomName: the name holds anything else, or nothing.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise BadRoomName(name)
    if name.translate(BLANK) != name:  # it looks like another room's, or like nothing
        raise BadRoomName(name)
    # Marks are the vowels of many scripts.
    if not all(char in " _-" or unicodedata.category(char)[0] in "LNM" for char in name):
        raise BadRoomName(name)
    return RoomName(name)


def device_of(room: str) -> str:
    """The slug of the device whose room has this name, or "". Blocks."""
    prefix = room_of("")
    name = room.casefold()
    slug = name.removeprefix(prefix)
    return slug if slug != name and slug.isascii() and are_known([slug]) else ""


def messages_group(key: str) -> str:
    """Everybody in the room with this key."""
    return f"chat.{key}"


def events_group(key: str) -> str:
    """Who asked for `?events=all`: deletions, typing, changes of the room."""
    return f"chat.{key}.events"
