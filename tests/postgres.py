"""A real PostgreSQL for tests; `python -m tests.postgres` installs one where there is none (CI does)."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.debian import install
from tests.servers import Process, free_port

DEBIAN_BINARIES = "/usr/lib/postgresql/*/bin/initdb"


def find() -> Path | None:
    """The folder of `initdb`: on PATH, else where Debian has it."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    debian = sorted(Path("/").glob(DEBIAN_BINARIES.lstrip("/")))
    return debian[-1].parent if debian else None


needs_postgres = pytest.mark.skipif(find() is None and not os.environ.get("CI"), reason="there is no initdb")
"""In CI its absence is a failure."""


class Postgres(Process):
    """A cluster of its own in `folder`, which anybody on this machine may use; keeps its port over restarts."""

    end_signal = signal.SIGINT  # it does not wait for clients to go

    def __init__(self, folder: Path, port: int | None = None) -> None:
        binaries = find()
        if binaries is None:
            raise RuntimeError("no initdb")
        self.port = port or free_port()
        self._folder = folder
        self.data = data = folder / "postgres"
        user = _not_root(folder)
        if not data.exists():
            initdb = str(binaries / "initdb")
            options = ["-D", str(data), "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync"]
            subprocess.run([initdb, *options], check=True, capture_output=True, cwd=folder, user=user)
        super().__init__(
            # Without fsync: no test cuts the power, and each of them empties every table.
            [str(binaries / "postgres"), "-D", str(data), "-p", str(self.port), "-k", "", "-h", "127.0.0.1", "-F"],
            {},
            folder / f"postgres-{self.port}.log",
            user=user,
        )
        self.wait_until_it(lambda: "ready to accept connections" in self.output, "PostgreSQL is not ready")

    @property
    def url(self) -> str:
        return f"postgres://tests@127.0.0.1:{self.port}/postgres"

    def again(self) -> "Postgres":
        return Postgres(self._folder, self.port)

    def kill(self) -> None:
        """As a power cut does, but for what the kernel still writes."""
        super().kill()
        (self._folder / "postgres" / "postmaster.pid").unlink(missing_ok=True)

    def pause(self) -> None:
        """With the processes that serve its connections."""
        for process in self._family():
            process.suspend()

    def resume(self) -> None:
        for process in self._family():
            with suppress(psutil.NoSuchProcess):  # whoever served a connection that ended
                process.resume()

    def _family(self) -> list[psutil.Process]:
        postmaster = psutil.Process(self.pid)
        return [postmaster, *postmaster.children()]


def _not_root(folder: Path) -> str | None:
    """PostgreSQL refuses to be run by root, so it is somebody who owns the folder."""
    if os.geteuid() != 0:
        return None
    for parent in (folder, *folder.parents):
        if str(parent).startswith("/tmp/") and parent.stat().st_uid == 0:  # pytest's folders are its user's alone
            parent.chmod(0o755)
    shutil.chown(folder, "nobody")
    return "nobody"


if __name__ == "__main__":
    install("PostgreSQL", "postgresql", find, "its tests")
