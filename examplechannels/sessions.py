"""Whether a login still holds, and the news that it does not."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from examplechannels.announcements import announce

RECHECKS_GROUP = "rechecks"


class Account(NamedTuple):
    """What somebody came in with who is logged in."""

    user_id: int
    session_key: str | None
    session_hash: str  # changes with the password


def account_of(user: Any, session: Any) -> Account | None:
    """Of a scope's or a request's user; None for who is anonymous."""
    if not user.is_authenticated:
        return None
    return Account(user.pk, session.session_key, session.get(HASH_SESSION_KEY, ""))


def standing(accounts: Collection[Account]) -> dict[Account, User]:
    """Those that still hold, with two questions for all of them. Blocks."""
    users = User.objects.filter(is_active=True).in_bulk({account.user_id for account in accounts})
    keys = {account.session_key for account in accounts}
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    open_keys = set(sessions.values_list("session_key", flat=True))
    return {
        account: user
        for account in accounts
        if (user := users.get(account.user_id))
        and account.session_key in open_keys
        and _holds(user, account.session_hash)
    }


def open_sessions(session_keys: Collection[str]) -> dict[str, tuple[dict[str, Any], User | None]]:
    """What is in those that are open, and whose they are, with two questions for all of them. Blocks.

    A login in it that does not hold any more is nobody's.
    """
    found = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    contents = {session.session_key: session.get_decoded() for session in found}
    ids = {key: content[SESSION_KEY] for key, content in contents.items() if _is_of_ours(content)}
    users = User.objects.filter(is_active=True).in_bulk(set(ids.values())) if ids else {}
    holders = {
        key: user
        for key, user_id in ids.items()
        if (user := users.get(int(user_id))) and _holds(user, contents[key].get(HASH_SESSION_KEY) or "")
    }
    return {key: (content, holders.get(key)) for key, content in contents.items()}


def _is_of_ours(content: dict[str, Any]) -> bool:
    user_id, backend = str(content.get(SESSION_KEY, "")), content.get(BACKEND_SESSION_KEY)
    return user_id.isdecimal() and backend in settings.AUTHENTICATION_BACKENDS


def _holds(user: User, session_hash: str) -> bool:
    """Whether the password is still that with which they logged in."""
    return constant_time_compare(session_hash, user.get_session_auth_hash())


@lru_cache(16_384)  # each logout asks it of every socket that is logged in; the secret is one for a process's life
def session_digest(session_key: str) -> str:
    """Names a session to other processes, without its key, which would open it."""
    return salted_hmac("examplechannels.session", session_key).hexdigest()


@receiver(post_save, sender=User, dispatch_uid="examplechannels.account_changed")
def account_changed(instance: User, created: bool, **kwargs: Any) -> None:
    """Deactivated, no longer staff, another password."""
    update_fields: Collection[str] | None = kwargs.get("update_fields")
    if not created and update_fields != frozenset({"last_login"}):
        announce(RECHECKS_GROUP, {"user_id": instance.pk})


@receiver(post_delete, sender=User, dispatch_uid="examplechannels.account_deleted")
def account_deleted(instance: User, **kwargs: Any) -> None:
    announce(RECHECKS_GROUP, {"user_id": instance.pk})


@receiver(user_logged_out, dispatch_uid="examplechannels.logged_out")
def logged_out(request: HttpRequest, **kwargs: Any) -> None:
    if key := request.session.session_key:
        # Django deletes it after this signal. A page that hears of it may be back sooner, and would still be logged in.
        request.session.delete()
        announce(RECHECKS_GROUP, {"logged_out": session_digest(key)})
