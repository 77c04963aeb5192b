"""Failed logins are limited, by address and by name, on the login page and in the admin alike.

A refused attempt costs nothing: the limits are asked before the password is hashed, which takes a third of a second of
CPU. Each process counts for itself.
"""

import logging
import math
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any
from zlib import crc32

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import close_old_connections, connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from examplechannels.complaints import Complaints
from examplechannels.limits import Buckets, TokenBucket, neighbourhood
from threechat.names import skeleton

BURST_OF_ADDRESS, SECONDS_OF_ADDRESS = 10, 30.0  # so many failures at once, then one in that time
BURST_OF_NAME, SECONDS_OF_NAME = 30, 10.0
LOCKS = 64

addresses = Buckets(BURST_OF_ADDRESS, 1 / SECONDS_OF_ADDRESS)
names = Buckets(BURST_OF_NAME, 1 / SECONDS_OF_NAME)
complaints = Complaints(logging.getLogger(__name__))
# One attempt of an address after the other: so a class that logs in at once waits, and is not refused for failures
# that might still come. Addresses share locks, which is nothing to those who wait for a refusal.
_turns = [Lock() for _ in range(LOCKS)]
_counting = Lock()


class LimitedBackend(ModelBackend):
    """Django's, for who has not failed too often. A refusal sets `request.login_wait`, in seconds."""

    aauthenticate = BaseBackend.aauthenticate  # type: ignore[assignment]  # this one, in a thread

    @sensitive_variables("password")
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        name = kwargs.get(User.USERNAME_FIELD) if username is None else username
        if name is None or password is None:
            return None
        address = neighbourhood(request.META.get("REMOTE_ADDR") or "") if request else ""
        name_key = skeleton(name[: User._meta.get_field("username").max_length])
        if not connection.in_atomic_block:
            close_old_connections()  # the session's: who waits for a turn holds none meanwhile
        with _turns[crc32((address or name_key).encode()) % LOCKS]:
            with _counting:
                buckets = [names.of(name_key), *([addresses.of(address)] if address else [])]
                wait = _take(buckets)
            if wait:
                # Not the name: people type their password there.
                complaints.say("Logging in was refused to %s: too many failures", address or "an unknown address")
                if request:
                    request.login_wait = wait  # type: ignore[attr-defined]
                raise PermissionDenied
            has_failed = False
            try:
                user: User | None = super().authenticate(request, username=name, password=password)
                has_failed = user is None
                return user
            finally:
                if not has_failed:  # neither did who could not be looked up
                    with _counting:
                        for bucket in buckets:
                            bucket.give_back()


def _take(buckets: list[TokenBucket]) -> float:
    """Takes an attempt from all of them and returns 0, or from none and returns the seconds to wait."""
    wait = max(bucket.wait() for bucket in buckets)
    if not wait:
        for bucket in buckets:
            bucket.take()
    return wait


class SaysWait:
    """For login forms: says why a limited attempt failed."""

    request: Any

    def get_invalid_login_error(self) -> ValidationError:
        if hasattr(self.request, "login_wait"):
            return ValidationError(_("Too many failed attempts; try again in a minute."), code="too-fast")
        error: ValidationError = super().get_invalid_login_error()  # type: ignore[misc]
        return error


class LoginForm(SaysWait, AuthenticationForm):
    pass


class AdminLoginForm(SaysWait, AdminAuthenticationForm):
    pass


def limited(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A login page that answers with 429 where an attempt was refused unseen."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if wait := getattr(request, "login_wait", 0.0):
            response.status_code = 429
            response["Retry-After"] = str(math.ceil(wait))
        return response

    return answer
