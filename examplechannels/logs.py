"""Clients' mistakes in the log: one line each, for they are no faults of ours."""

import logging


class OneLineForClientMistakes(logging.Filter):
    """Takes the traceback from refusals that any scanner of the internet causes."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[0] if record.exc_info else None
        if record.name.startswith("django.security") or error is UnicodeDecodeError:
            record.exc_info = record.exc_text = None
        return True
