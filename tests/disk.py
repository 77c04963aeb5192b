"""A small disk, which tests fill up."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from tests.servers import new_folder

FILLING_BYTES = 64 * 1024


class Disk:
    """A tmpfs of so many MB, mounted on `folder`."""

    def __init__(self, megabytes: int) -> None:
        self.folder = new_folder()
        options = f"size={megabytes}m,mode=0755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.folder], check=True)
        self._filling = self.folder / "filling"

    def fill(self) -> None:
        """To the last byte."""
        with self._filling.open("ab", buffering=0) as file:
            for size in (FILLING_BYTES, 4096, 1):
                try:
                    while True:
                        file.write(b"." * size)
                except OSError:
                    pass

    def free(self) -> None:
        self._filling.unlink()

    def stop(self) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)
        self.folder.rmdir()


@cache
def can_mount() -> bool:
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    folder = new_folder()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode == 0:
        subprocess.run(["umount", folder], check=True)
    folder.rmdir()
    return done.returncode == 0


@contextmanager
def disk(megabytes: int) -> Iterator[Disk]:
    """Where nobody may mount one the test is skipped, but fails in CI."""
    if not can_mount():
        why = "a full disk needs a tmpfs, which only root may mount"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    small = Disk(megabytes)
    try:
        yield small
    finally:
        small.stop()
