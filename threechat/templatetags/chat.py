from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from threechat.links import pieces

register = template.Library()
LINK = '<a href="{}" target="_blank" rel="noopener noreferrer nofollow ugc">{}</a>'


@register.filter
def linked(text: str) -> SafeString:
    """What somebody wrote, with links to click on; nothing else of it becomes HTML."""
    parts = [format_html(LINK, piece, piece) if is_url else format_html("{}", piece) for piece, is_url in pieces(text)]
    return format_html_join("", "{}", ([part] for part in parts))
