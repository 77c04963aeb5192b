"""The program's settings for tests: plain static names, data in a temporary folder, cheap passwords."""

import atexit
import os
import shutil
import tempfile

os.environ["DEBUG"] = "1"  # static files without a collected manifest; pytest-django turns DEBUG itself off
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="examplechannels-test-")
atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
# tests/test_postgres.py runs tests on PostgreSQL.
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "")
os.environ["DATABASE_POOL"] = "0"  # the threads of tests are not a server's; test_database_pool.py starts servers
for variable in (
    "REDIS_URL",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "FANOUT",
    "MQTT_URL",
    "METRICS_TOKEN",
    "LOG_FORMAT",
    "LOG_LEVEL",
):
    os.environ.pop(variable, None)

from examplechannels.settings import *  # noqa: E402, F403

# Django's AsyncClient has one thread for all requests: in one piece they would be answered one after the other.
MIDDLEWARE = [
    name
    for name in MIDDLEWARE  # noqa: F405
    if name not in {"examplechannels.database.let_go_early", "examplechannels.request_threads.in_one_piece"}
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if not os.environ["DATABASE_URL"]:
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(os.environ["DATA_DIR"], "test.sqlite3")}  # noqa: F405
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405
