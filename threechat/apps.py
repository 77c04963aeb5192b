from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ThreechatConfig(AppConfig):
    name = "threechat"
    verbose_name = _("chat")

    def ready(self) -> None:
        import threechat.changes  # hears of what staff change
        import threechat.media.keeping  # sweeps in the background
        import threechat.visits  # noqa: F401  # forgets in the background
