"""Settings, all from environment variables (README.md, In production); see environment.py for how they are read."""

import os
import sys
from pathlib import Path
from typing import Any

from examplechannels import environment, logs

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = environment.data_dir("DATA_DIR", BASE_DIR / "var")

# On under `manage.py runserver` alone, so that it cannot be forgotten in production.
DEBUG = environment.flag("DEBUG", default="runserver" in sys.argv)
SECRET_KEY = environment.secret_key(DATA_DIR)
ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", ["localhost", ".localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")
PASSED_SOCKETS = environment.passed_sockets()  # here, for Twisted takes the variables away when it is imported
TRUSTED_PROXIES = environment.networks("TRUSTED_PROXIES")  # proxies.py
REDIS_URL = environment.redis_url("REDIS_URL")
MQTT_URL = os.environ.get("MQTT_URL", "")  # two/ingest/broker.py reads it

# "broadcast": one channel a process, fanned out to its viewers. "channels": a channel and a group
# membership for each viewer, the ordinary way (docs/architecture.md).
FANOUT = environment.choice("FANOUT", ("broadcast", "channels"))

INSTALLED_APPS = [
    "examplechannels",  # before daphne: its runserver prints this machine's addresses
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "servestatic",
    "channels",
    "one",
    "two",
    "threechat",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "examplechannels.database.let_go_early",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Pages and sockets for people who are logged in, and for walls with a view token.
LOGIN_REQUIRED = environment.flag("LOGIN_REQUIRED", default=False)
if LOGIN_REQUIRED:
    MIDDLEWARE.append("examplechannels.visitors.LookMiddleware")
MIDDLEWARE.append("examplechannels.request_threads.in_one_piece")

# Whether people may make accounts for themselves.
SIGN_UP = environment.flag("SIGN_UP", default=not LOGIN_REQUIRED)

ROOT_URLCONF = "examplechannels.urls"
ASGI_APPLICATION = "examplechannels.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "examplechannels.accounts.sign_up_offered",
            ],
        },
    },
]

DATABASES = {"default": environment.database(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# "default" crosses processes where REDIS_URL is set; "local" never leaves this one (the words of `one`).
IN_MEMORY_LAYER = {
    "BACKEND": "channels.layers.InMemoryChannelLayer",
    # Over capacity it drops in silence, and one expired message drops a channel from all its groups.
    "CONFIG": {"capacity": 10_000, "expiry": 3600, "group_expiry": 10 * 365 * 86_400},
}
REDIS_LAYER = {
    "BACKEND": "examplechannels.layers.RedisLayer",
    "CONFIG": {"url": REDIS_URL},
}
CHANNEL_LAYERS = {
    "default": REDIS_LAYER if REDIS_URL else IN_MEMORY_LAYER,
    "local": {**IN_MEMORY_LAYER, "BACKEND": "examplechannels.layers.LocalLayer"},
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = environment.choice("SITE_LANGUAGE", ("en", "zh-hans"))
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "examplechannels.static_files.BrowserPackagesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "examplechannels.static_files.HashedStaticFilesStorage",
    },
}

# Of pages; what answers without one gets examplechannels/headers.py's.
CONTENT_SECURITY_POLICY: dict[str, dict[str, Any]] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "connect-src": ["'self'"],  # its WebSockets too
        "img-src": ["'self'", "data:", "blob:"],  # blob: what somebody is about to send
        "media-src": ["'self'", "blob:"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    },
}
X_FRAME_OPTIONS = "DENY"

# Whether browsers come over https, to a proxy that ends TLS. Off, so that a laptop serves plain http.
HTTPS = environment.flag("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
CONTENT_SECURITY_POLICY["DIRECTIVES"]["upgrade-insecure-requests"] = HTTPS
SECURE_REDIRECT_EXEMPT = ["^livez$", "^readyz$", "^metrics$"]  # who asks for these comes past the proxy
SECURE_HSTS_SECONDS = environment.number("HSTS_SECONDS", 365 * 86_400, least=0, most=10 * 365 * 86_400) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.flag("HSTS_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = environment.flag("HSTS_PRELOAD", default=False)
# W005, W021: neither is this site's to decide. Both bind every other host of its domain, for a year and longer.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# A login ends this long after it, and with it the sockets that it opened.
SESSION_COOKIE_AGE = environment.number("SESSION_HOURS", 14 * 24, least=1, most=10 * 365 * 24) * 3600
AUTHENTICATION_BACKENDS = ["examplechannels.logins.LimitedBackend"]

# How long readings are kept; hours are kept for ever.
RAW_DAYS = environment.number("RAW_DAYS", 30, least=1, most=36_500)
MINUTE_DAYS = environment.number("MINUTE_DAYS", 365, least=RAW_DAYS, most=36_500)
HOST_FEED = environment.flag("HOST_FEED", default=True)

# Whether alarms may be posted to addresses of this network (two/alarms/addresses.py).
WEBHOOK_PRIVATE = environment.flag("WEBHOOK_PRIVATE", default=False)

# Bounds (docs/protocol.md, Limits).
MAX_BODY_BYTES = DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
MAX_UPLOAD_BYTES = environment.number("MAX_UPLOAD_MB", 32, least=1, most=1024) * 1024 * 1024
MEDIA_QUOTA_BYTES = environment.number("MEDIA_QUOTA_MB", 200, least=1, most=1_000_000) * 1024 * 1024
MEDIA_TOTAL_BYTES = environment.number("MEDIA_TOTAL_MB", 10_240, least=1, most=1_000_000_000) * 1024 * 1024
MEDIA_ACCEL = environment.location("MEDIA_ACCEL")
MAX_FRAME_BYTES = 64 * 1024
DAPHNE_WEBSOCKET_MAX_MESSAGE_SIZE = DAPHNE_WEBSOCKET_MAX_FRAME_SIZE = MAX_FRAME_BYTES

# Of one address, in one process (address_limits.py); a class or an office may be behind it.
SOCKETS_PER_ADDRESS = environment.number("SOCKETS_PER_ADDRESS", 500, least=1, most=1_000_000)
HANDSHAKES_PER_MINUTE = environment.number("HANDSHAKES_PER_MINUTE", 1_200, least=1, most=10_000_000)
REQUESTS_PER_MINUTE = environment.number("REQUESTS_PER_MINUTE", 3_000, least=1, most=10_000_000)

# Over how long the sockets are closed when the server ends, so that not all pages come back at once (lifespan.py).
DRAIN_SECONDS = environment.number("DRAIN_SECONDS", 2, least=0, most=600)

# Who may read /metrics: who brings this token; without one, who asks from this machine.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")

LOG_FORMAT = environment.choice("LOG_FORMAT", ("line", "json") if DEBUG else ("json", "line"))
LOG_LEVEL = environment.choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR"))
LOGGING = logs.configuration(LOG_FORMAT, LOG_LEVEL)
