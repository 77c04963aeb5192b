from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from examplechannels.modules import modules_of

register = template.Library()


@register.simple_tag
def module(entry: str) -> SafeString:
    """The script of a page's entry module, and before it links by which browsers fetch all that it imports at once.

    Without them each module is asked for only when the one that imports it was read, level by level.
    """
    imported = ((static(name),) for name in modules_of(entry))
    links = format_html_join("\n", '<link rel="modulepreload" href="{}">', imported)
    return format_html('{}\n<script type="module" src="{}"></script>', links, static(entry))
