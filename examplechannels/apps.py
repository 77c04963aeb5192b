from django.apps import AppConfig


class ExamplechannelsConfig(AppConfig):
    name = "examplechannels"

    def ready(self) -> None:
        from examplechannels import checks, sessions  # noqa: F401
