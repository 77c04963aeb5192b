"""Who may bring readings in, and how many, for every way over HTTP and WebSocket."""

import base64
import logging
import math
from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError
from django.utils.translation import gettext as _

from examplechannels.complaints import Complaints
from examplechannels.doors import header
from two.models import AccessToken
from two.tokens import Grant, TooManyGuesses, tokens

complaints = Complaints(logging.getLogger(__name__))

RETRY_SECONDS = 1

PATHS = {"/two/readings/", "/two/readings", "/api/v2/write", "/write"}


def brings_readings(scope: Any) -> bool:
    """Whether a request brings a token to write: how much it may send, and how often guess, is that token's matter."""
    if scope.get("method") != "POST" or scope["path"] not in PATHS:
        return False
    return header(scope, b"authorization") is not None or b"p=" in scope["query_string"]


class Refused(Exception):
    """Why somebody is not let in, or not now."""

    def __init__(self, status: int, code: str, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


def token_in(authorization: str) -> str:
    """The token of an `Authorization` header: `Bearer x`, `Token x`, or the password of `Basic`. "" without one."""
    scheme, _space, rest = authorization.partition(" ")
    rest = rest.strip()
    if scheme.lower() in {"bearer", "token"}:
        return rest
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except ValueError:  # no ASCII, no base64, or no UTF-8 in it
            return ""
    return ""


def token_of_request(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """From the header, else the `p` of InfluxDB 1 (`u` is any name)."""
    if authorization := headers.get("Authorization"):
        return token_in(authorization)
    return query.get("p") or ""


async def admit(token: str, address: str) -> Grant:
    """What a token that may write allows.

    Raises:
        Refused: 401 without a valid one, 403 for one to look at, 429 after many wrong ones, 503 without a database.
    """
    if not token:
        raise Refused(401, "no-token", _("A token is needed: Authorization: Bearer <token>."))
    try:
        grant = await tokens.grant_for(token, address)
    except DatabaseError as error:
        complaints.say("A token could not be looked up: %s", str(error).strip())
        raise Refused(503, "not-stored", _("It was not acknowledged; send it again."), RETRY_SECONDS) from None
    except TooManyGuesses as error:
        raise Refused(429, "too-many-guesses", _("Too many wrong tokens from here."), _whole(error.seconds)) from None
    if grant is None:
        raise Refused(401, "bad-token", _("This token is unknown or was revoked."))
    if grant.scope == AccessToken.Scope.VIEW:
        raise Refused(403, "view-token", _("This token is for looking; it does not write."))
    return grant


def charge(grant: Grant, readings: int) -> None:
    """Takes them from what the token may write. Raises `Refused` with 429 when it has written too much lately."""
    if wait := grant.readings.take(readings):
        raise Refused(429, "too-fast", _("Too many readings with this token."), _whole(wait))


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds))
