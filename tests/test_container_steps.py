"""The steps of the Dockerfile, run in a fresh virtual environment; compose.yaml, held against it and the settings.

No container engine is needed, so what only an engine does is not shown here: the base images, USER, volumes.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import deployed
from tests.servers import ROOT, START_SECONDS, Process, free_port, new_folder, running, wait_until

STEP_SECONDS = 600
DOCKERFILE = re.sub(r"\s*\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "examplechannels"}


def instructions(word: str) -> list[str]:
    return re.findall(rf"^{word} (.*)$", DOCKERFILE, re.MULTILINE)


def is_ignored(path: str) -> bool:
    """By .dockerignore, as far as ours goes: names, and `**/` before them."""
    parents = [str(parent) for parent in Path(path).parents if parent.name] + [path]
    for pattern in (ROOT / ".dockerignore").read_text().split():
        name = pattern.removeprefix("**/")
        for parent in parents:
            if fnmatch.fnmatch(Path(parent).name if name != pattern else parent, name):
                return True
    return False


def copy_of_the_context(folder: Path) -> None:
    """All that an engine would send, what git does not know included."""

    def ignored(parent: str, names: list[str]) -> list[str]:
        return [name for name in names if is_ignored(str((Path(parent) / name).relative_to(ROOT)))]

    shutil.copytree(ROOT, folder, ignore=ignored)


class Image:
    """What the Dockerfile makes, in a folder: /app and /opt/venv."""

    def __init__(self) -> None:
        self.folder = new_folder()
        self.app = self.folder / "app"
        self.port = free_port()
        copy_of_the_context(self.app)
        for step in instructions("RUN"):
            if step.startswith("useradd"):  # an engine's matter: its user, and folders that belong to it
                (self.folder / "data").mkdir()
                continue
            subprocess.run(self.here(step), shell=True, check=True, cwd=self.app, timeout=STEP_SECONDS, env=self.env)

    @property
    def env(self) -> dict[str, str]:
        """Of this machine only what its package clients need."""
        kept = {name: os.environ[name] for name in os.environ if re.match(r"(?i)PIP_|npm_|HOME$|\w*_proxy$", name)}
        shown = dict(pair.split("=", 1) for line in instructions("ENV") for pair in shlex.split(line))
        shown = {name: self.here(value) for name, value in shown.items()}
        places = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # where the base images have python and npm
        return {**kept, **shown, "PATH": shown["PATH"].replace("$PATH", places)}

    def here(self, text: str) -> str:
        text = text.replace("/opt/venv", str(self.folder / "venv")).replace("8000", str(self.port))
        return text.replace("/var/lib/examplechannels", str(self.folder / "data"))

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.here(word) for word in command],
            cwd=self.app,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    made = Image()
    yield made
    shutil.rmtree(made.folder)


@pytest.mark.faults
def test_what_the_dockerfile_makes_starts_and_says_that_it_is_ready(image: Image) -> None:
    setup = image.run(COMPOSE["services"]["setup"]["command"])
    assert setup.returncode == 0, setup.stderr
    [command] = instructions("CMD")
    [check] = re.findall(r"CMD (\[.*\])", instructions("HEALTHCHECK")[0])
    server = Process(
        ["env", "-i", *(f"{name}={value}" for name, value in image.env.items())]
        + ["sh", "-c", 'cd "$0" && exec "$@"', str(image.app)]
        + [image.here(word) for word in json.loads(command)],
        {},
        image.folder / "server.log",
    )
    with running(server):
        try:
            wait_until(lambda: image.run(json.loads(check)).returncode == 0, START_SECONDS, "it is not ready")
        except TimeoutError:
            pytest.fail(server.output)
        assert image.run([*json.loads(check)[:-1], "127.0.0.1:1"]).returncode == 1
        server.stop()
        assert server.wait(0) is not None
    assert image.run(json.loads(check)).returncode == 1


def test_commands_are_lists_so_that_signals_arrive() -> None:
    assert json.loads(instructions("CMD")[0])[:3] == ["python", "manage.py", "serve"]
    for name in ("worker1", "worker2", "bridge"):
        assert OURS[name]["command"][:2] == ["python", "manage.py"]


def test_nobody_is_root() -> None:
    assert instructions("USER") == ["examplechannels"]
    assert "useradd" in DOCKERFILE


def test_ports_agree() -> None:
    [port] = instructions("EXPOSE")
    assert json.loads(instructions("CMD")[0])[-1] == port
    assert f'"127.0.0.1:{port}"' in instructions("HEALTHCHECK")[0]


def test_every_variable_is_one_that_the_settings_read() -> None:
    read = "".join((ROOT / "examplechannels" / f"{name}.py").read_text() for name in ("settings", "environment"))
    for service in OURS.values():
        for name in service["environment"]:
            assert f'"{name}"' in read, name
    for name in deployed.environment():
        assert f'"{name}"' in read, name


def test_workers_listen_where_nginx_asks() -> None:
    site = (ROOT / "deploy" / "nginx-site.conf").read_text()
    listening = [service["command"][-1] for service in OURS.values() if "--uds" in service["command"]]
    assert sorted(set(re.findall(r"server unix:(\S+)", site))) == sorted(listening)
    for service in OURS.values():
        if "--uds" in service["command"]:
            assert service["healthcheck"]["test"][-1] == service["command"][-1]
        assert {"data:/var/lib/examplechannels", "sockets:/run/examplechannels"} == set(service["volumes"])
        assert service["environment"]["DATA_DIR"] == "/var/lib/examplechannels"
        assert service["stop_grace_period"] == "20s"


def test_compose_mounts_the_files_that_the_paper_shows() -> None:
    shown = deployed.files()
    assert (ROOT / "deploy" / "nginx.conf").read_text() == shown["/etc/nginx/nginx.conf"]
    assert (ROOT / "deploy" / "nginx-site.conf").read_text() == shown[deployed.SITE]
    mounted = [volume.split(":")[0] for volume in COMPOSE["services"]["nginx"]["volumes"]]
    assert all((ROOT / path).exists() for path in mounted if path.startswith("./deploy"))


def test_what_compose_refers_to_is_there() -> None:
    volumes = set(COMPOSE["volumes"])
    for service in COMPOSE["services"].values():
        named = {volume.split(":")[0] for volume in service.get("volumes", []) if volume[0] not in "./"}
        assert named <= volumes
        assert set(service.get("depends_on", {})) <= set(COMPOSE["services"])
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in COMPOSE["services"][needed]
    assert "-h" in COMPOSE["services"]["postgres"]["healthcheck"]["test"]  # not the server that sets itself up
    assert COMPOSE["services"]["setup"]["restart"] == "on-failure"


def test_the_image_holds_what_it_needs_and_no_tests() -> None:
    for path in ("manage.py", "package-lock.json", "deploy/ready.py", "static/js/socket.js", "docs/steps/group.py"):
        assert not is_ignored(path), path
    for path in ("tests/servers.py", "two/tests/test_storage.py", "var/secret_key", ".git/config", "tls/privkey.pem"):
        assert is_ignored(path), path


def test_what_git_does_not_keep_gets_into_no_image() -> None:
    """Secrets among it: `.env` holds all of them."""
    for pattern in (ROOT / ".gitignore").read_text().split():
        assert is_ignored(pattern.strip("/").replace("*", "any")), pattern
    assert is_ignored(".env.production")
