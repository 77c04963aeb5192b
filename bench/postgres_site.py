"""A database on a PostgreSQL that the bench starts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from tests.postgres import Postgres
from tests.servers import new_folder, running

from .seed import Plan
from .site import Site, fill


@dataclass(frozen=True)
class PostgresSite(Site):
    """The database at `url`; it goes with its cluster."""

    url: str

    @property
    def megabytes(self) -> float:
        return self._number("SELECT pg_database_size(current_database())") / 1e6

    def readings(self) -> tuple[int, int]:
        raw = self._number("SELECT COUNT(*) FROM two_reading")
        return raw, self._number("SELECT COALESCE(SUM(count), 0) FROM two_minuterollup")

    def bytes_per_reading(self, table: str) -> tuple[float, float]:
        """Of a table's rows and of its key, for each raw reading."""
        count, _ = self.readings()
        rows = self._number(f"SELECT pg_relation_size('{table}')")
        return rows / count, self._number(f"SELECT pg_indexes_size('{table}')") / count

    def _number(self, query: str) -> int:
        with psycopg.connect(self.url) as looking:
            row = looking.execute(query).fetchone()
        assert row is not None
        return int(row[0])


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A cluster with PostgreSQL's own settings, but that it does not flush (tests/postgres.py)."""
    server = Postgres(new_folder())
    with running(server):
        yield server


def make_postgres_site(server: Postgres, env: dict[str, str], name: str, plan: Plan) -> PostgresSite:
    """A migrated database `name`, filled by `plan`. Blocks."""
    database = name.replace("-", "_")
    with psycopg.connect(server.url, autocommit=True) as making:
        making.execute(f"CREATE DATABASE {database}")
    url = server.url.rpartition("/")[0] + f"/{database}"
    env = {**env, "DATABASE_URL": url}
    return PostgresSite(env, fill(env, plan), url)
