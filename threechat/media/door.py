"""In front of Django, which reads a body to its end before it asks who sends it: how much, and how often."""

import re
from collections import Counter
from typing import Any

from django.conf import settings
from django.http import JsonResponse
from django.utils.translation import gettext as _

from examplechannels.doors import Application, max_body_bytes, refusal, retry_after, send_refusal
from examplechannels.limits import Buckets, address_of

UPLOAD_PATH = re.compile(r"/chat/[^/]+/media/")
FORM_BYTES = 64 * 1024  # of a body, beside the file: the other fields, and the multipart around it
BURST_UPLOADS, UPLOAD_SECONDS = 30, 5.0  # of an address, perhaps a class: so many at once, then one in that time
UPLOADS_AT_ONCE = 30  # of an address, under way

uploads = Buckets(BURST_UPLOADS, 1 / UPLOAD_SECONDS)


def is_upload(scope: Any) -> bool:
    return scope.get("method") == "POST" and UPLOAD_PATH.fullmatch(scope["path"]) is not None


def body_limit(scope: Any) -> int:
    """The bytes that a request's body may have."""
    return int(settings.MAX_UPLOAD_BYTES) + FORM_BYTES if is_upload(scope) else max_body_bytes(scope)


def paced_uploads(inner: Application) -> Application:
    """Refuses uploads of an address that sends too many with 429, before their bodies are read.

    Who comes without an address, through a unix socket, is the proxy's matter.
    """
    under_way: Counter[str] = Counter()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        address = address_of(scope)
        if not address or not is_upload(scope):
            await inner(scope, receive, send)
            return
        wait = UPLOAD_SECONDS if under_way[address] >= UPLOADS_AT_ONCE else uploads.of(address).take()
        if wait:

            def too_fast() -> JsonResponse:
                return refusal(429, "too-fast", _("Too many files at once; wait a moment."), retry_after(wait))

            await send_refusal(scope, send, too_fast)
            return
        under_way[address] += 1
        try:
            await inner(scope, receive, send)
        finally:
            under_way[address] -= 1
            if not under_way[address]:
                del under_way[address]

    return application
