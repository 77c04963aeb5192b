"""A real nginx for tests; `python -m tests.nginx` installs one where there is none (CI does)."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from tests.servers import Process

INSTALL_SECONDS = 600
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


def main() -> None:
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("No nginx found; installing Debian's", flush=True)
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "nginx-light"]):
            subprocess.run(command, stdout=subprocess.DEVNULL, timeout=INSTALL_SECONDS, check=False)
    print(f"nginx: {find() or 'none; its tests are left out'}")
    print(f"systemd-analyze: {shutil.which('systemd-analyze') or 'none, as in most containers; no unit is verified'}")
    if find() is None and os.environ.get("CI"):
        sys.exit("CI tests what docs/deployment.md shows: nginx is needed.")


if __name__ == "__main__":
    main()
