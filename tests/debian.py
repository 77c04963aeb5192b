"""What tests need of the system; where it is not there, Debian's package of it is installed (CI does)."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

INSTALL_SECONDS = 600
DAEMONS_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
"""Debian keeps daemons where no person's PATH leads."""


def install(name: str, packages: str, find: Callable[[], Path | None], tests: str) -> None:
    """Prints where `find` has found `name`, if need be after installing `packages`.

    Raises:
        SystemExit: in CI it is nowhere, and `tests` need it.
    """
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"No {name} found; installing Debian's", flush=True)
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *packages.split()]):
            subprocess.run(command, stdout=subprocess.DEVNULL, timeout=INSTALL_SECONDS, check=False)
    print(f"{name}: {find() or f'none; {tests} are left out'}")
    if find() is None and os.environ.get("CI"):
        sys.exit(f"CI needs {name} for {tests}.")
