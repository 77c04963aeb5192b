from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static

from examplechannels.bundles import BUNDLES, ENTRIES
from examplechannels.static_files import HashedStaticFilesStorage

register = template.Library()


@register.simple_tag
def module(name: str) -> str:
    """The address of a page's entry module; in production that of the bundle with all that it imports."""
    is_bundled = isinstance(staticfiles_storage, HashedStaticFilesStorage)
    return static(f"{BUNDLES if is_bundled else ENTRIES}{name}")
