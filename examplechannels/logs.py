"""What the log does not say: tracebacks of clients' mistakes, and tokens."""

import logging
import re

from django.http.multipartparser import MultiPartParserError

from examplechannels.doors import refused_handshake

SERVICE_UNAVAILABLE = 503
TOKEN_IN_QUERY = re.compile(r"((?:[?&]|%3F|%26)(?:p|view)(?:=|%3D))[\w-]+", re.IGNORECASE)


class OneLineForClientMistakes(logging.Filter):
    """Takes the traceback from refusals that any scanner of the internet causes."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[0] if record.exc_info else None
        if record.name.startswith("django.security") or error in (UnicodeDecodeError, MultiPartParserError):
            record.exc_info = record.exc_text = None
        elif getattr(record, "status_code", 0) == SERVICE_UNAVAILABLE and record.exc_info:
            record.msg, record.args = f"{record.getMessage()}: {record.exc_info[1]}", ()
            record.exc_info = record.exc_text = None
        return True


class NoLineForRefusals(logging.Filter):
    """Drops what uvicorn says of each handshake that was refused with a status: that it was not completed."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (refused_handshake.get() and "without completing handshake" in str(record.msg))


class WithoutTokens(logging.Filter):
    """Takes the tokens from addresses, where InfluxDB's old clients and walls have them."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "p=" in text or "view" in text or "p%3" in text:
            record.msg, record.args = TOKEN_IN_QUERY.sub(r"\1…", text), ()
        return True
