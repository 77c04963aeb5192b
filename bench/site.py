"""One database with devices and tokens, and the servers that use it."""

import json
import os
import sqlite3
import subprocess
from abc import ABC, abstractmethod
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from . import kernel
from .seed import Plan, Seeded
from .servers import ROOT, python

RUN_SECONDS = 600.0
"""At most, of a process beside the servers: filling a database takes minutes."""


@dataclass(frozen=True)
class Site(ABC):
    """`env` of every process that works on one database, and what that was filled with."""

    env: dict[str, str]
    seeded: Seeded

    @property
    @abstractmethod
    def megabytes(self) -> float:
        """Size of the database."""

    @abstractmethod
    def readings(self) -> tuple[int, int]:
        """Committed readings, and how many the minutes count; read past the server."""

    def run(self, *arguments: str) -> str:
        """What a Python process on the server's core prints, with this database."""
        return run_python(self.env, *arguments)


@dataclass(frozen=True)
class SqliteSite(Site):
    """The database is `file`."""

    file: Path

    @property
    def megabytes(self) -> float:
        return self.file.stat().st_size / 1e6

    def readings(self) -> tuple[int, int]:
        with closing(self.look_in()) as database:
            [raw] = database.execute("SELECT COUNT(*) FROM two_reading").fetchone()
            [rolled_up] = database.execute("SELECT COALESCE(SUM(count), 0) FROM two_minuterollup").fetchone()
        return int(raw), int(rolled_up)

    def look_in(self) -> sqlite3.Connection:
        """Reads the file past the server; to be closed. Each statement sees what was committed by then."""
        return sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, isolation_level=None)

    def remove(self) -> None:
        for file in self.file.parent.glob(f"{self.file.name}*"):
            file.unlink()


def run_python(env: dict[str, str], *arguments: str) -> str:
    """What a Python process on the server's core prints. Blocks."""
    with kernel.on_cores(kernel.cores()[:1]):
        done = subprocess.run(
            python(*arguments),
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=RUN_SECONDS,
        )
    return done.stdout


def fill(env: dict[str, str], plan: Plan) -> Seeded:
    """Migrates the database to which `env` leads, and fills it by `plan`. Blocks."""
    return Seeded(**json.loads(run_python(env, "-m", "bench.seed", json.dumps(asdict(plan)))))


def make_site(folder: Path, env: dict[str, str], name: str, plan: Plan) -> SqliteSite:
    """A migrated database `name` in `folder`, filled by `plan`. Blocks."""
    file = folder / f"{name}.sqlite3"
    env = {**env, "DATABASE_URL": f"sqlite:///{file}"}
    return SqliteSite(env, fill(env, plan), file)
