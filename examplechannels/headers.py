"""Security headers on every answer, also on those that never come as far as Django's middleware."""

from typing import Any

from django.conf import settings

from examplechannels.doors import Application

# For what is no page: a file, JSON, a refusal. Nothing that it might hold is run, laid out or framed.
CLOSED_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Rooms record voice messages, and a wall keeps its screen on.
PERMISSIONS = (
    "camera=(), display-capture=(), geolocation=(), microphone=(self), midi=(), payment=(), "
    "screen-wake-lock=(self), usb=()"
)


def security_headers(is_https: bool) -> dict[str, str]:
    """What an answer has that does not say otherwise; with the settings that Django's middleware goes by."""
    headers = {
        "Cache-Control": "private, no-store",
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY or "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY or "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
    }
    if not settings.DEBUG:  # Django's pages about an error have their styles within
        headers["Content-Security-Policy"] = CLOSED_POLICY
    if is_https and settings.SECURE_HSTS_SECONDS:
        # As Django's middleware has it: a shorter one would take back what pages said, RFC 6797, 8.1.
        subdomains = "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
        preload = "; preload" if settings.SECURE_HSTS_PRELOAD else ""
        headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}{subdomains}{preload}"
    return headers


def with_headers(inner: Application) -> Application:
    """Adds what an answer lacks."""
    headers = {
        scheme: [(name.lower().encode(), value.encode()) for name, value in security_headers(is_https).items()]
        for scheme, is_https in (("http", False), ("https", True))
    }

    async def application(scope: Any, receive: Any, send: Any) -> None:
        wanted = headers["https" if scope.get("scheme") == "https" else "http"]

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                sent = list(message.get("headers", ()))
                there = {name.lower() for name, _value in sent}
                message = {**message, "headers": [*sent, *(pair for pair in wanted if pair[0] not in there)]}
            await send(message)

        await inner(scope, receive, send_with_headers)

    return application
