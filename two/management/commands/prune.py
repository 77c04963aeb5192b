"""Deletes readings and minutes that are older than RAW_DAYS and MINUTE_DAYS; the running server does it once a day."""

from typing import Any

from django.core.management import BaseCommand

from two.retention import prune


class Command(BaseCommand):
    help = "Deletes readings and minute rollups that are older than they are kept."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{sum(prune()):,} rows deleted.")
