"""Serves with production settings on uvicorn: `manage.py serve --workers 4 --host 0.0.0.0 --port 8000`.

With `--uds PATH` on a Unix socket; on the socket that systemd passed, where it passed one.
"""

import fcntl
import logging
import os
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management import BaseCommand, CommandError
from uvicorn.supervisors import Multiprocess

from examplechannels.checks import starting_lines
from examplechannels.exposition import shared_by_workers
from examplechannels.layers import require_redis
from examplechannels.lifespan import REQUEST_SECONDS
from examplechannels.network import (
    BACKLOG,
    EVERY_ADDRESS,
    address_lines,
    listen,
    listen_on_unix,
    passed_socket,
)

# For a worker to begin, or to say that it lives. On a busy core beginning takes more than uvicorn's 5 s, after which
# SIGHUP would leave the old workers in place.
WORKER_SECONDS = 30


def serves_alone(folder: Path) -> bool:
    """Whether no other process has said this of `folder`; this one has then, until it ends."""
    try:
        held = os.open(folder / "serving", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # never closed
    except BlockingIOError:
        return False
    except OSError:  # a full disk, a folder that knows no locks: nothing is known
        return True
    return True


class Workers(Multiprocess):
    """uvicorn's. A worker that ends takes no connections any more; once all end, neither does their parent."""

    def keep_subprocess_alive(self) -> None:
        for worker in self.processes:
            # Its own end of the pipe. While the parent has it too, a worker that is killed just as it is asked whether
            # it lives is waited for, `WORKER_SECONDS` long, instead of replaced.
            worker.child_conn.close()
        super().keep_subprocess_alive()

    def terminate_all(self) -> None:
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


class Command(BaseCommand):
    help = "Serves with production settings on uvicorn."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--uds", default="", metavar="PATH", help="a Unix socket instead of host and port")
        parser.add_argument("--workers", type=int, default=1, help="more than one needs REDIS_URL")

    def handle(self, *args: Any, host: str, port: int, uds: str, workers: int, **options: Any) -> None:
        if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists() and not settings.DEBUG:
            raise CommandError("Static files are not collected: run `make serve`, or `manage.py collectstatic` first.")
        if settings.REDIS_URL:
            require_redis(settings.REDIS_URL)
        elif workers > 1:
            self.stderr.write("One worker: without REDIS_URL the workers could not hear each other.")
            workers = 1
        self.stderr.write("".join(f"{line}\n" for line in starting_lines()), ending="")
        if not settings.REDIS_URL and not serves_alone(settings.DATA_DIR):
            what = f"Another process serves from {settings.DATA_DIR}, and the channel layer is in memory"
            self.stderr.write(f"{what}: they do not hear each other. Set REDIS_URL. (examplechannels.W001)")
        listener = passed_socket() or (listen_on_unix(uds) if uds else listen(host, port))
        config = uvicorn.Config(
            "examplechannels.asgi:application",
            workers=workers,
            loop="uvloop",
            http="examplechannels.heads:BoundedHeads",
            ws="examplechannels.wire:FanOutProtocol",
            ws_max_size=settings.MAX_FRAME_BYTES,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=REQUEST_SECONDS,
            timeout_worker_healthcheck=WORKER_SECONDS,
            backlog=BACKLOG,
            log_level=logging.root.level,
            log_config=None,  # Django's LOGGING
            access_log=False,  # access_log.py
            server_header=False,
            proxy_headers=False,  # proxies.py
        )
        bound = listener.getsockname()
        for line in address_lines(*bound[:2]) if isinstance(bound, tuple) else [bound]:
            self.stdout.write(f"Serving {line}")
        if isinstance(bound, tuple) and bound[0] in EVERY_ADDRESS:
            self.stdout.write(f"Hosts answered: {', '.join(settings.ALLOWED_HOSTS)} (ALLOWED_HOSTS)")
        self.stdout.flush()  # also where it goes to a file or a journal
        if workers > 1:
            with shared_by_workers():
                Workers(config, sockets=[listener]).run()
        else:
            # As several workers, who are replaced: nobody loses a frame, and a terminal that closes ends it well.
            signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
            uvicorn.Server(config).run(sockets=[listener])
