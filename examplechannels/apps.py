from django.apps import AppConfig


class ExamplechannelsConfig(AppConfig):
    name = "examplechannels"

    def ready(self) -> None:
        from examplechannels import checks  # noqa: F401
