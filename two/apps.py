from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TwoConfig(AppConfig):
    name = "two"
    verbose_name = _("telemetry")

    def ready(self) -> None:
        from two import host, neighbours, retention  # noqa: F401 they register what runs in the background
        from two.alarms import rules, sweep, webhooks  # noqa: F401
