"""Storage on a real PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Postgres, needs_postgres
from tests.servers import ROOT, new_folder, running

pytestmark = [
    pytest.mark.server,
    needs_postgres,
]
SUITE_SECONDS = 1500  # ends what hangs; a busy machine takes some minutes
TESTS = [
    *(f"two/tests/test_{name}.py" for name in ("devices", "history", "ingest_http", "ingest_socket", "latest", "live")),
    *(f"two/tests/test_{name}.py" for name in ("alarm_evaluation", "alarm_rules", "alarm_webhooks")),
    *(f"two/tests/test_{name}.py" for name in ("recorder", "retention", "storage")),
    *(f"threechat/tests/test_{name}.py" for name in ("alarm_messages", "moment_views", "pins")),
    *(
        f"threechat/tests/test_{name}.py"
        for name in ("directory", "history", "media_keeping", "members", "retention", "staff", "storage", "writer")
    ),
    "examplechannels/tests/test_questions.py",
]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    postgres = Postgres(new_folder())
    with running(postgres):
        yield postgres


def test_everything_that_stores_passes_its_tests_there(postgres: Postgres) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--reuse-db", "-m", "not server and not browser and not faults", *TESTS],
        cwd=ROOT,
        env={**os.environ, "TEST_DATABASE_URL": postgres.url},
        capture_output=True,
        text=True,
        timeout=SUITE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_it_is_really_postgresql(postgres: Postgres, tmp_path: Path) -> None:
    code = "from django.db import connection; import django; django.setup(); print(connection.vendor)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TEST_DATABASE_URL": postgres.url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "postgresql"
