"""Reads settings from environment variables; a bad value is one clear line."""

import os
import re
import secrets
import tempfile
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from examplechannels.logs import first_line

ORIGIN = re.compile(r"https?://(\*\.)?[\w.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?", re.IGNORECASE)
POSTGRES_OPTIONS = {
    "application_name": "examplechannels",
    "connect_timeout": 5,
    # A worker that stops in mid-transaction keeps its locks, and all others out, until the server ends it.
    "options": "-c idle_in_transaction_session_timeout=5s",
    # A host that vanished is noticed within 10 s: by what was sent to it, and by silence where nothing is.
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}
POOL_OPTIONS = {
    "min_size": 1,
    "timeout": 5.0,  # what a request waits for a connection
    "max_waiting": 1000,
    # Attempts that go on for longer wait longer from one to the next, and PostgreSQL is long back.
    "reconnect_timeout": 2.0,
}
UNDEFINED_TABLE = "42P01"  # PostgreSQL's sqlstate
LOCATION = re.compile(r"/(?:[\w-]+/)+", re.ASCII)
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value in TRUE | FALSE:
        return value in TRUE
    if value:
        raise ImproperlyConfigured(f"{name}={value!r} is neither 1 nor 0.")
    return default


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list; `default` where the variable is unset or empty."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()] or default


def choice(name: str, options: tuple[str, ...]) -> str:
    """One of `options`; the first is the default."""
    value = os.environ.get(name) or options[0]
    if value not in options:
        raise ImproperlyConfigured(f"{name}={value!r} is none of: {', '.join(options)}.")
    return value


def number(name: str, default: int, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    text = os.environ.get(name) or str(default)
    if not re.fullmatch(r"-?\d{1,15}", text) or not least <= int(text) <= most:
        raise ImproperlyConfigured(f"{name}={text!r} is no whole number from {least} to {most}.")
    return int(text)


def origins(name: str) -> list[str]:
    """Origins as `https://example.com`, comma-separated."""
    found = words(name, [])
    for origin in found:
        if not ORIGIN.fullmatch(origin):
            raise ImproperlyConfigured(f"{name}: {origin!r} is no origin such as https://example.com.")
    return found


def hosts(name: str, default: list[str]) -> list[str]:
    """Names and addresses as `example.com`, `.example.com` and `[::1]`, comma-separated; no scheme and no port."""
    found = words(name, default)
    for host in found:
        if "/" in host or host.rpartition(":")[2].isdecimal():
            raise ImproperlyConfigured(f"{name}: {host!r} is no host such as example.com, without https:// and port.")
    return found


def networks(name: str) -> list[str]:
    """Addresses and networks as `10.0.0.1` and `10.0.0.0/8`, comma-separated."""
    found = words(name, [])
    for network in found:
        try:
            ip_network(network)
        except ValueError:
            raise ImproperlyConfigured(f"{name}: {network!r} is no network such as 10.0.0.0/8.") from None
    return found


def place_of(url: str) -> str:
    """What a URL leads to, without its user, password and options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def redis_url(name: str) -> str:
    """A Redis or Valkey URL, or "" for the in-memory layer."""
    url = os.environ.get(name, "")
    try:
        parts = urlsplit(url)
        # Of a password with an unquoted /, ? or # a part would pass as the path, which error lines show.
        path = r"[^@]+" if parts.scheme == "unix" else r"/?\d*"
        is_whole = re.fullmatch(path, parts.path) and not parts.fragment and "@" not in parts.query
        usable = bool(is_whole and (parts.port or parts.hostname or parts.path))
        usable = usable and parts.scheme in {"redis", "rediss", "unix"}
    except ValueError:  # a port that is none, or half an IPv6 address
        usable = False
    if url and not usable:
        raise ImproperlyConfigured(f"{name} is no URL such as redis://localhost:6379/0.")
    return url


def location(name: str) -> str:
    """A path of the proxy such as `/protected-media/`, or ""."""
    value = os.environ.get(name, "")
    if value and not LOCATION.fullmatch(value):
        raise ImproperlyConfigured(f"{name}={value!r} is no path such as /protected-media/.")
    return value


def data_dir(name: str, default: Path) -> Path:
    """The folder that the running program writes to; made when missing."""
    path = Path(os.environ.get(name) or default).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise ImproperlyConfigured(f"{name}={path} cannot be used: {error.strerror}.") from None
    return path


def secret_key(folder: Path) -> str:
    """`SECRET_KEY`, else the key in `folder`, made once and readable by its owner alone."""
    if key := os.environ.get("SECRET_KEY"):
        return key
    path = folder / "secret_key"
    if not path.exists():
        # Written aside and linked into place: of several processes one wins, none reads a half.
        draft = folder / f"secret_key.{os.getpid()}"
        try:
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(50))
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError as error:
            raise ImproperlyConfigured(f"DATA_DIR={folder} cannot keep a secret key: {error.strerror}.") from None
        finally:
            draft.unlink(missing_ok=True)
    return path.read_text()


def passed_sockets() -> int:
    """How many listening sockets systemd passed to this process: sd_listen_fds(3)."""
    number = os.environ.pop("LISTEN_FDS", "0")
    is_ours = os.environ.pop("LISTEN_PID", "") == str(os.getpid())
    return int(number) if is_ours and number.isdecimal() else 0


def database(folder: Path) -> dict[str, object]:
    """Django's `DATABASES["default"]` from `DATABASE_URL`, else SQLite in `folder`."""
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{folder / 'db.sqlite3'}"
    try:
        config: dict[str, object] = dict(dj_database_url.parse(url))
        parts = urlsplit(url)
        if parts.scheme != "sqlite" and "@" in parts.path + parts.query + parts.fragment:
            raise ValueError("a password with an unquoted /, ? or #, which error lines would show")
    except (dj_database_url.ParseError, dj_database_url.UnknownSchemeError, ValueError):
        raise ImproperlyConfigured(
            "DATABASE_URL is no URL such as postgres://user:password@host:5432/name or sqlite:////path."
        ) from None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        # An acknowledgement means committed: WAL for many readers beside a writer, FULL so that a
        # power cut loses nothing, IMMEDIATE so that writers queue instead of failing (docs/decisions.md).
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
    if config["ENGINE"] == "django.db.backends.postgresql":
        config["CONN_MAX_AGE"], config["CONN_HEALTH_CHECKS"] = 0, True  # the pool keeps and tries them
        size = number("DATABASE_POOL", 8, least=0, most=1000)
        pool: dict[str, object] = {"pool": {**POOL_OPTIONS, "max_size": size}} if size else {}
        given: dict[str, str] = dict(config.get("OPTIONS") or {})  # type: ignore[call-overload]
        if more := given.get("options"):  # of several values for one setting PostgreSQL takes the last
            given["options"] = f"{POSTGRES_OPTIONS['options']} {more}"
        config["OPTIONS"] = {**POSTGRES_OPTIONS, **pool, **given}
    return config


def is_without_tables(error: Exception) -> bool:
    """Whether a database was never migrated: SQLite's OperationalError, PostgreSQL's ProgrammingError."""
    return getattr(error.__cause__, "sqlstate", "") == UNDEFINED_TABLE or "no such table" in str(error)


def database_trouble(error: Exception) -> str:
    """One line for a database that does not answer, or has no tables; never its password."""
    url = os.environ.get("DATABASE_URL", "")
    place = place_of(url) if url else "the SQLite file in DATA_DIR"
    reason = first_line(error)
    if is_without_tables(error):
        return f"The database at {place} is not set up: {reason}. Run `manage.py migrate`."
    return f"DATABASE_URL: {place} does not answer: {reason}"
