#!/usr/bin/env python
"""Django's command line, with settings and connection errors told in one line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examplechannels.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import OperationalError, ProgrammingError

        from examplechannels.database import keep_own_connection
    except ImportError:
        sys.exit("Django is missing: run `make setup`, then use .venv/bin/python (README.md, Start).")
    try:
        keep_own_connection()
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Settings: {error}")
    except (OperationalError, ProgrammingError) as error:
        from examplechannels.environment import database_trouble, is_without_tables

        if isinstance(error, ProgrammingError) and not is_without_tables(error):
            raise
        sys.exit(database_trouble(error))


if __name__ == "__main__":
    main()
