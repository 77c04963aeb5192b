"""A real nginx for tests; `python -m tests.nginx` installs one where there is none (CI does)."""

import shutil
from pathlib import Path

from tests.debian import DAEMONS_PATH, install
from tests.servers import Process, listens


def find() -> Path | None:
    found = shutil.which("nginx", path=DAEMONS_PATH)
    return Path(found) if found else None


class Nginx(Process):
    """nginx with the configuration in `config`, ready when it listens on `port`."""

    def __init__(self, folder: Path, config: Path, port: int) -> None:
        binary = find()
        if binary is None:
            raise RuntimeError("no nginx")
        command = [str(binary), "-e", "stderr", "-c", str(config), "-g", "daemon off;"]
        super().__init__(command, {}, folder / "nginx.log")
        self.wait_until_it(lambda: listens(port), "nginx is not ready")


if __name__ == "__main__":
    install("nginx", "nginx-light", find, "the tests of what docs/deployment.md shows")
    print(f"systemd-analyze: {shutil.which('systemd-analyze') or 'none, as in most containers; no unit is verified'}")
