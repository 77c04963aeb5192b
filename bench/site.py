"""One database with devices and tokens, and the servers that use it."""

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from . import kernel
from .seed import Plan, Seeded
from .servers import ROOT, python

SEED_SECONDS = 600.0


@dataclass(frozen=True)
class Site:
    """`env` of every process that works on `file`, a SQLite database of its own."""

    env: dict[str, str]
    file: Path
    seeded: Seeded

    @property
    def megabytes(self) -> float:
        return self.file.stat().st_size / 1e6

    def look_in(self) -> sqlite3.Connection:
        """Reads the file past the server; to be closed. Each statement sees what was committed by then."""
        return sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, isolation_level=None)

    def readings(self) -> tuple[int, int]:
        """Committed readings, and how many the minutes count; read past the server, from the file."""
        with closing(self.look_in()) as database:
            [raw] = database.execute("SELECT COUNT(*) FROM two_reading").fetchone()
            [rolled_up] = database.execute("SELECT COALESCE(SUM(count), 0) FROM two_minuterollup").fetchone()
        return int(raw), int(rolled_up)

    def remove(self) -> None:
        for file in self.file.parent.glob(f"{self.file.name}*"):
            file.unlink()

    def run(self, *arguments: str) -> str:
        """What a Python process on the server's core prints, with this database."""
        with kernel.on_cores(kernel.cores()[:1]):
            done = subprocess.run(
                python(*arguments),
                cwd=ROOT,
                env={**os.environ, **self.env},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                timeout=SEED_SECONDS,
            )
        return done.stdout


def make_site(folder: Path, env: dict[str, str], name: str, plan: Plan) -> Site:
    """A migrated database `name` in `folder`, filled by `plan`. Blocks."""
    file = folder / f"{name}.sqlite3"
    empty = Site({**env, "DATABASE_URL": f"sqlite:///{file}"}, file, Seeded("", [], [], [], 0.0))
    answer = json.loads(empty.run("-m", "bench.seed", json.dumps(asdict(plan))))
    return Site(empty.env, file, Seeded(**answer))
