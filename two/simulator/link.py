"""What a device has to send, and what can become of it, whichever way it is sent."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol


class Message(NamedTuple):
    """What a device measured at one time."""

    device: str
    at_ms: int  # Unix milliseconds
    values: dict[str, float]


class Away(Exception):
    """The other side does not answer, or cannot take anything now: send it again, in `seconds` at the earliest."""

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Rejected(Exception):
    """The other side does not want this batch: go on with the next."""


class NotWelcome(Exception):
    """The other side does not know the token: nothing will be taken."""


class Link(Protocol):
    async def send(self, messages: Sequence[Message]) -> None:
        """Returns when the batch is acknowledged; connects when it has to.

        Raises:
            Away, Rejected, NotWelcome: see there.
        """

    async def close(self) -> None: ...


def envelope(message: Message) -> dict[str, Any]:
    """The JSON reading of one message, with its device (docs/protocol.md, JSON readings)."""
    return {"device": message.device, "ts": message.at_ms, "values": message.values}


def reason_of(error: Exception) -> str:
    """A few words for people."""
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return os.strerror(error.errno)
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    return str(error) or type(error).__name__
