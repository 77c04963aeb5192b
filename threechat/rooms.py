"""Room names, and the groups that belong to a room."""

import hashlib
import unicodedata
from dataclasses import dataclass

MAX_NAME_CHARACTERS = 80


class BadRoomName(ValueError):
    """Not a room's name."""


@dataclass(frozen=True)
class Room:
    """A room by its normalised name; it exists as soon as somebody enters it."""

    name: str

    @property
    def key(self) -> str:
        """The same for names that differ in case only; ASCII, as group names must be."""
        return hashlib.sha256(unicodedata.normalize("NFC", self.name.casefold()).encode()).hexdigest()[:32]

    @property
    def messages_group(self) -> str:
        return f"chat.{self.key}"

    @property
    def events_group(self) -> str:
        """For who asked for `?events=all`: typing."""
        return f"chat.{self.key}.events"


def room_named(name: str) -> Room:
    """The room of a name: letters, digits, space, `_` and `-` in any script, 1-80 characters, NFC, trimmed.

    Raises:
        BadRoomName: the name holds anything else, or nothing.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise BadRoomName(name)
    # Marks are the vowels of many scripts.
    if not all(char in " _-" or unicodedata.category(char)[0] in "LNM" for char in name):
        raise BadRoomName(name)
    return Room(name)
