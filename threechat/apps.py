from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ThreechatConfig(AppConfig):
    name = "threechat"
    verbose_name = _("chat")

    def ready(self) -> None:
        """Hears of what staff change; sweeps and forgets in the background."""
        from threechat import alarm_messages, changes, retention  # noqa: F401
        from threechat.media import keeping  # noqa: F401
