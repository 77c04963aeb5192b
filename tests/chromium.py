"""Finds a Chromium for the browser tests, or installs one: `python -m tests.chromium`."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DOWNLOAD_SECONDS = 300
INSTALL_SECONDS = 600


def find() -> str | None:
    """The path of a Chromium: `CHROMIUM`, else one on PATH, else Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    return next(filter(None, map(shutil.which, NAMES)), None) or _playwrights()


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def _run(seconds: int, *command: str) -> bool:
    print(f"No Chromium found; trying: {' '.join(command)}", flush=True)
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, timeout=seconds, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install() -> str | None:
    """Playwright's download, else Debian's package when root."""
    if _run(DOWNLOAD_SECONDS, sys.executable, "-m", "playwright", "install", "chromium") and (path := find()):
        return path
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        _run(INSTALL_SECONDS, "apt-get", "update", "-qq")
        _run(INSTALL_SECONDS, "apt-get", "install", "-y", "-qq", "chromium")
    return find()


def main() -> None:
    if os.environ.get("CHROMIUM") and not find():
        sys.exit(f"CHROMIUM={os.environ['CHROMIUM']} is no program.")
    path = find() or install()
    if path is None:
        sys.exit("The browser tests need Chromium: install it, or set CHROMIUM to its path.")
    print(f"Chromium: {path}")


if __name__ == "__main__":
    main()
