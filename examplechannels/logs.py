"""How the log looks, and what it does not say: tracebacks of clients' mistakes, tokens, and what people write."""

import json
import logging
import re
import sqlite3
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http.multipartparser import MultiPartParserError

SERVICE_UNAVAILABLE = 503
EXPECTED = (UnicodeDecodeError, MultiPartParserError, OperationalError, InterfaceError)
TOKEN_IN_QUERY = re.compile(r"((?:[?&]|%3F|%26)(?:p|view)(?:=|%3D))[\w-]+", re.IGNORECASE)
INVITATION = re.compile(r"(/chat/join/)[^/\s?\"']+")
QUOTED = re.compile(r"(['\"]).*\1", re.DOTALL)
QUOTING = {"LookupError", "ValueError", "DataError"}  # exceptions that say what they were given
MAX_EXCEPTION_CHARACTERS = 300
ENCODER = json.JSONEncoder(default=str)

# No line says where in the code it was written, nor by which thread: so it is not looked up each time (Python's Logging
# HOWTO, Optimization).
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

request_id: ContextVar[str] = ContextVar("request_id", default="")
refused_handshake = ContextVar("refused_handshake", default=False)  # doors.py says so


def without_secrets(text: str) -> str:
    """The text without the tokens and invitation codes that stand in addresses."""
    if "p=" in text or "view" in text or "p%3" in text:
        text = TOKEN_IN_QUERY.sub(r"\1…", text)
    return INVITATION.sub(r"\1…", text) if "/join/" in text else text


def first_line(error: BaseException | None) -> str:
    """What an exception says of itself: PostgreSQL puts the row below."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def is_bad_sql(error: BaseException | None) -> bool:
    """SQLite's own error for bad SQL, such as a column that is not there, is Django's OperationalError too."""
    cause = getattr(error, "__cause__", None)
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_ERROR


class OneLineForClientMistakes(logging.Filter):
    """Takes the traceback from refusals that any scanner of the internet causes, and from a database that is away."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if getattr(record, "status_code", 0) == SERVICE_UNAVAILABLE and error:
            record.msg, record.args = f"{record.getMessage()}: {first_line(error)}", ()
            record.exc_info = record.exc_text = None
        elif record.name.startswith("django.security") or (isinstance(error, EXPECTED) and not is_bad_sql(error)):
            record.exc_info = record.exc_text = None
        return True


class NoLineForRefusals(logging.Filter):
    """Drops what uvicorn says of each handshake that was refused with a status: that it was not completed."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (refused_handshake.get() and "without completing handshake" in str(record.msg))


class WithoutSecrets(logging.Filter):
    """Takes tokens from addresses, and from what comes with a traceback all but the first line.

    asyncio tells the exception again there, with all that it says.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        safe = without_secrets(text.partition("\n")[0] if record.exc_info else text)
        if safe != text:
            record.msg, record.args = safe, ()
        return True


def traceback_of(error: BaseException) -> str:
    """The traceback as Python prints it, but of what each exception says only what is not from outside.

    That is its first line: PostgreSQL puts the row below it. Nor what stands in quotation marks, where they
    hold a value (`int("…")`, a `KeyError`).
    """
    return without_secrets("".join(_lines(error, set())))


def _lines(error: BaseException, seen: set[int]) -> list[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [*_lines(before, seen), "which led to:\n"] if before is not None and id(before) not in seen else []
    lines += ["Traceback (most recent call last):\n", *traceback.format_tb(error.__traceback__)]
    says = str(error).strip().partition("\n")[0][:MAX_EXCEPTION_CHARACTERS]
    if QUOTING & {kind.__name__ for kind in type(error).__mro__}:
        says = QUOTED.sub("…", says)
    lines.append(f"{type(error).__module__}.{type(error).__qualname__}: {says}\n")
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        lines += _lines(inner, seen)
    return lines


class LineFormatter(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging calls it so
        identity = request_id.get()
        return super().formatMessage(record) + (f" [{identity}]" if identity else "")

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return traceback_of(ei[1])


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message, request_id, the record's `fields`, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry: dict[str, object] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identity := request_id.get():
            entry["request_id"] = identity
        entry.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1]:
            entry["traceback"] = traceback_of(record.exc_info[1])
        return ENCODER.encode(entry)


def configuration(form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING: `form` is "json" or "line", `level` that of the program's own loggers."""
    # At DEBUG the libraries tell frames and Django SQL with its values: not even then.
    of_django = max(level, "INFO", key=logging.getLevelNamesMapping().__getitem__)
    of_others = max(level, "WARNING", key=logging.getLevelNamesMapping().__getitem__)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "examplechannels.logs.LineFormatter",
                "format": "{asctime} {levelname} {name}: {message}",
                "style": "{",
            },
            "json": {"()": "examplechannels.logs.JsonFormatter"},
        },
        "filters": {
            "one_line": {"()": "examplechannels.logs.OneLineForClientMistakes"},
            "refusals": {"()": "examplechannels.logs.NoLineForRefusals"},
            "no_secrets": {"()": "examplechannels.logs.WithoutSecrets"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["one_line", "refusals", "no_secrets"],
            },
            "errors": {"class": "examplechannels.metrics.ErrorCounter", "level": "ERROR", "filters": ["one_line"]},
        },
        "root": {"handlers": ["console", "errors"], "level": of_others},
        "loggers": {
            **{name: {"level": level} for name in ("examplechannels", "one", "two", "threechat")},
            "django": {"handlers": [], "level": of_django},  # all through the root's handlers
            "django.channels.server": {"handlers": ["console"], "level": of_django, "propagate": False},
            # One traceback a second while Redis is away; subscription.py says it once, in one line.
            "channels_redis.pubsub": {"level": "CRITICAL"},
            # The same of PostgreSQL, for each connection of the pool; who needs the database says what fails.
            "psycopg.pool": {"level": "ERROR"},
        },
    }
