"""Who somebody is: an account, or a guest by session or by connection. Never what a payload says."""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils.crypto import salted_hmac

from examplechannels.questions import ask
from threechat.models import resembles_account
from threechat.names import readable, skeleton

GUEST_KEY = "guest"
MAX_GUEST_NAME_CHARACTERS = 50
RESERVED = {skeleton("server"), skeleton("telemetry")}  # who error frames and alarms come from


def is_reserved(name: str) -> bool:
    """Whether it looks like a name of ours, with whatever signs around or in it."""
    return "".join(filter(str.isalnum, skeleton(name))) in RESERVED


@dataclass(frozen=True)
class Person:
    sender: str  # opaque, public, the same for one account or session
    name: str
    guest: bool
    user_id: int | None = None
    has_session: bool = True  # without one the name alone says who it is

    def called(self, name: str) -> "Person":
        return replace(self, name=name)


def new_guest() -> dict[str, str]:
    """What a session keeps of a guest."""
    return {"id": secrets.token_hex(16), "name": f"guest-{1000 + secrets.randbelow(9000)}"}


def identify(user: AbstractBaseUser | AnonymousUser, session: Any) -> Person:
    """The account that is logged in, else the session's guest, else a guest for this connection."""
    if user.is_authenticated:
        return Person(_public_id("user", str(user.pk)), user.get_username(), guest=False, user_id=user.pk)
    kept = session.get(GUEST_KEY)
    guest = kept or new_guest()
    return Person(_public_id("guest", guest["id"]), guest["name"], guest=True, has_session=kept is not None)


def _public_id(kind: str, value: str) -> str:
    return salted_hmac(f"threechat.sender.{kind}", value).hexdigest()[:16]


TELEMETRY = Person("telemetry", "telemetry", guest=False)


class NameTaken(Exception):
    """The name is, or looks like, an account's."""


async def named(person: Person, wanted: str | None) -> Person:
    """The person under the name a guest asks for; accounts keep theirs.

    Raises:
        NameTaken: it is an account's name or looks like one.
    """
    name = readable(wanted or "")[:MAX_GUEST_NAME_CHARACTERS].strip()
    if not person.guest or not name or name == person.name:
        return person
    if is_reserved(name) or await ask(lambda: resembles_account(name), urgent=True):
        raise NameTaken(name)
    return person.called(name)
