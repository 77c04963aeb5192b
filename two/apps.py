from django.apps import AppConfig


class TwoConfig(AppConfig):
    name = "two"

    def ready(self) -> None:
        from two import host, neighbours, retention  # noqa: F401 they register what runs in the background
        from two.alarms import rules, sweep, webhooks  # noqa: F401
