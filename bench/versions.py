"""What ran, and on what."""

import json
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

from tests import chromium

from .kernel import CORES
from .servers import BENCH

PACKAGES = (
    "Django",
    "channels",
    "daphne",
    "uvicorn",
    "uvloop",
    "websockets",
    "picows",
)
NODE_PACKAGES = ("socket.io", "ws")


def machine() -> str:
    """CPU model, cores, and the kernel's major and minor version."""
    release = ".".join(platform.release().split(".")[:2])
    cores = len(CORES)
    return f"{cpu_model()}, {cores} cores, {platform.system()} {release}"


def software() -> str:
    """Names and versions, comma-separated."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    named = [f"Python {platform.python_version()}"]
    named += [f"{package} {version(package)}" for package in PACKAGES]
    named += [f"SQLite {sqlite3.sqlite_version}", browser_version()]
    named += [f"Node {node.lstrip('v')}"]
    named += [f"{package} {npm_version(package)}" for package in NODE_PACKAGES]
    return ", ".join(named)


def browser_version() -> str:
    """Such as `Chromium 147.0.7727.55`."""
    path = chromium.find()
    if path is None:
        return "no Chromium"
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
    return " ".join(said.split()[:2])


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def npm_version(package: str) -> str:
    manifest = BENCH / "node_modules" / package / "package.json"
    return str(json.loads(manifest.read_text())["version"])
