"""Start a server on its own core, wait until it answers, and stop it for sure."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from . import kernel
from .client import Viewer

HOST = "127.0.0.1"
BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
PORTS = range(8200, 8300)
START_SECONDS = 30.0
STOP_SECONDS = 10.0


class Listener(Protocol):
    """What is asked on `port` of `HOST`, by whomever it was started."""

    @property
    def port(self) -> int: ...


@dataclass
class Server:
    """A server process; `command` has its port filled in for `{port}`."""

    name: str
    command: list[str]
    port: int
    path: str = "/ws/two_url/"
    viewer: type[Viewer] = Viewer
    env: Mapping[str, str] = field(default_factory=dict)
    log: Path = Path(os.devnull)
    cores: Sequence[int] = kernel.cores()[:1]
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} was not started"
        return self.process.pid

    def start(self) -> None:
        """Start on its cores; RuntimeError if it does not listen in time."""
        if self._listens():
            raise RuntimeError(f"port {self.port} is taken by another program")
        command = [part.format(port=self.port) for part in self.command]
        with kernel.on_cores(self.cores), self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.name} did not start, see {self.log}")
            time.sleep(0.05)

    def stop(self, patience: float = STOP_SECONDS) -> float:
        """SIGTERM, after `patience` seconds SIGKILL; seconds until it had ended."""
        assert self.process is not None
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
        return time.monotonic() - started

    def kill(self) -> None:
        """End the whole process group at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def cpu_ns(self) -> int:
        return kernel.cpu_ns(self.pid)

    def rss_bytes(self) -> int:
        return kernel.rss_bytes(self.pid)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """`server` started, and ended whatever happens."""
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


def free_port() -> int:
    """One of `PORTS` on which nobody listens."""
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port from {PORTS[0]} to {PORTS[-1]}")


def python(*arguments: str) -> list[str]:
    """A command for the interpreter that runs the bench."""
    return [sys.executable, *arguments]
