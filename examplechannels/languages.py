"""Whose language something is said in: a reader's own, or, for what is kept for everybody, the site's."""

from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.http import parse_cookie
from django.utils import translation


def activate_for(scope: Any) -> None:
    """What this task says from now on, such as a socket's errors, is in the language of who opened it.

    As LocaleMiddleware finds it: the one that was chosen, else what the browser asks for, else the site's.
    """
    headers = dict(scope["headers"])
    cookie, asked = (headers.get(name, b"").decode("latin-1") for name in (b"cookie", b"accept-language"))
    if cookie or asked:
        request = SimpleNamespace(COOKIES=parse_cookie(cookie), META={"HTTP_ACCEPT_LANGUAGE": asked})
        translation.activate(translation.get_language_from_request(request))  # type: ignore[arg-type]


def in_the_sites_own() -> translation.override:
    """For what is stored, and read by everybody."""
    return translation.override(settings.LANGUAGE_CODE)
