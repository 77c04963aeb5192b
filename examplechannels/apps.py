from django.apps import AppConfig


class ExamplechannelsConfig(AppConfig):
    name = "examplechannels"

    def ready(self) -> None:
        from examplechannels import checks, sessions  # noqa: F401
        from examplechannels.background import background
        from examplechannels.metrics import watch_event_loop

        background.register(watch_event_loop)
