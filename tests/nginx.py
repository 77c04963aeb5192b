"""A real nginx for tests; `python -m tests.nginx` installs one where there is none (CI does)."""

import os
import shutil
import socket
from pathlib import Path

from tests.debian import install
from tests.servers import Process

# Debian keeps daemons where no person's PATH leads.
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def find() -> Path | None:
    found = shutil.which("nginx", path=PLACES)
    return Path(found) if found else None


class Nginx(Process):
    """nginx with the configuration in `config`, ready when it listens on `port`."""

    def __init__(self, folder: Path, config: Path, port: int) -> None:
        binary = find()
        if binary is None:
            raise RuntimeError("no nginx")
        command = [str(binary), "-e", "stderr", "-c", str(config), "-g", "daemon off;"]
        super().__init__(command, {}, folder / "nginx.log")
        self._port = port
        self.wait_until_it(self._answers, "nginx is not ready")

    def _answers(self) -> bool:
        if not self.running:
            raise RuntimeError(f"nginx ended:\n{self.output}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


if __name__ == "__main__":
    install("nginx", "nginx-light", find, "the tests of what docs/deployment.md shows")
    print(f"systemd-analyze: {shutil.which('systemd-analyze') or 'none, as in most containers; no unit is verified'}")
