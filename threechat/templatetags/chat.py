from datetime import UTC, datetime
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from threechat.links import pieces
from threechat.models import Message

register = template.Library()
AROUND_MS = 150_000
LINK = '<a href="{}" target="_blank" rel="noopener noreferrer nofollow ugc">{}</a>'


@register.filter
def linked(text: str) -> SafeString:
    """What somebody wrote, with links to click on; nothing else of it becomes HTML."""
    parts = [format_html(LINK, piece, piece) if is_url else format_html("{}", piece) for piece, is_url in pieces(text)]
    return format_html_join("", "{}", ([part] for part in parts))


@register.filter
def moment_url(message: Message) -> str:
    """Where the chart rings what a message is about, amid five minutes: `momentUrl` in static/js/models/moment.js."""
    at = message.about_at or 0
    page = reverse("device", kwargs={"device": message.about_device})
    named = quote(message.about_metric, safe="")
    return f"{page}?from={at - AROUND_MS}&to={at + AROUND_MS}#moment={named}~{at}"


@register.filter
def moment_time(message: Message) -> datetime:
    return datetime.fromtimestamp((message.about_at or 0) / 1000, UTC)
