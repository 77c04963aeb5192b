"""The simulator against really started servers: what was acknowledged is what was stored."""

import itertools
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.broker import Bridge, Broker
from tests.servers import (
    START_SECONDS,
    STOP_SECONDS,
    Process,
    Server,
    free_port,
    manage,
    new_folder,
    prepare,
    running,
    wait_until,
)
from two.simulator.signals import SILENCE_SECONDS, device_names, is_silent

pytestmark = pytest.mark.server

COUNTS = re.compile(r"sent ([\d,]+)  acknowledged ([\d,]+)  .*errors ([\d,]+)")


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def site(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Path]]:
    """A server and its data folder."""
    folder = new_folder()
    prepare(folder)
    server = Server(request.param, folder, HOST_FEED="0")
    with running(server):
        yield server.wait_until_ready(), folder


class Simulation(Process):
    """`manage.py simulate`, until it is stopped."""

    def __init__(self, folder: Path, *options: str) -> None:
        env = {"DATABASE_URL": "", "REDIS_URL": "", "MQTT_URL": "", "DATA_DIR": str(folder)}
        env["DJANGO_SETTINGS_MODULE"] = "examplechannels.settings"
        log = folder / f"simulation-{time.monotonic_ns()}.log"
        super().__init__([sys.executable, "manage.py", "simulate", *options], env, log)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Sent, acknowledged, errors, as the last line tells."""
        lines = COUNTS.findall(self.output)
        sent, acknowledged, errors = (int(text.replace(",", "")) for text in lines[-1]) if lines else (0, 0, 0)
        return sent, acknowledged, errors


def count(folder: Path, what: str) -> int:
    with closing(sqlite3.connect(folder / "db.sqlite3", timeout=20)) as database:
        return int(database.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


def seed_without_silence(devices: int) -> int:
    """One with which every device sends in the next minutes: some drop out now and then, as real ones do."""
    names = device_names(devices)
    seconds = [time.time() + step * SILENCE_SECONDS[0] for step in range(20)]
    return next(n for n in itertools.count() if not any(is_silent(name, at, n) for name in names for at in seconds))


@pytest.mark.parametrize("via", ["http", "line", "ws"])
def test_what_was_acknowledged_is_stored(site: tuple[Server, Path], via: str) -> None:
    server, folder = site
    before = count(folder, "two_reading")
    options = ("--devices", "8", "--rate", "20", "--seconds", "2", "--via", via, "--server", server.url)
    simulation = Simulation(folder, *options, "--seed", str(seed_without_silence(8)))
    with running(simulation):
        assert simulation.wait(START_SECONDS) == 0, simulation.output
    sent, acknowledged, errors = simulation.counts
    assert count(folder, "two_reading") - before == acknowledged == sent > 150
    assert errors == 0
    assert count(folder, "two_device") == 8
    assert count(folder, "two_accesstoken WHERE revoked IS NULL") == 0


def test_what_is_published_at_a_broker_is_stored_by_the_bridge(tmp_path: Path) -> None:
    assert manage("migrate", "-v0", DATA_DIR=str(tmp_path)).returncode == 0
    broker = Broker(tmp_path)
    bridge = Bridge(tmp_path, broker.url)
    with running(broker, bridge):
        bridge.connected()
        options = ("--devices", "4", "--rate", "20", "--seconds", "3", "--via", "mqtt", "--broker", broker.url)
        simulation = Simulation(tmp_path, *options, "--seed", str(seed_without_silence(4)))
        with running(simulation):
            assert simulation.wait(START_SECONDS) == 0, simulation.output
        sent, acknowledged, errors = simulation.counts
        assert sent == acknowledged > 100
        assert errors == 0
        wait_until(lambda: count(tmp_path, "two_reading") >= acknowledged, START_SECONDS, "the bridge stored too few")
        assert count(tmp_path, "two_reading") == acknowledged


@pytest.mark.faults
@pytest.mark.parametrize("via", ["http", "ws"])
def test_it_waits_for_a_server_that_is_away_and_sends_again(tmp_path: Path, via: str) -> None:
    prepare(tmp_path)
    port = free_port()
    options = ("--devices", "3", "--rate", "10", "--via", via, "--server", f"http://127.0.0.1:{port}")
    simulation = Simulation(tmp_path, *options)
    with running(simulation):
        wait_until(lambda: "Connection refused; trying again" in simulation.output, START_SECONDS, "no word of it")
        server = Server("uvicorn", tmp_path, port, HOST_FEED="0")
        with running(server):
            server.wait_until_ready()
            wait_until(lambda: simulation.counts[1] > 0, START_SECONDS, "nothing was acknowledged")
            server.signal(signal.SIGKILL)
        server = Server("uvicorn", tmp_path, port, HOST_FEED="0")
        with running(server):
            server.wait_until_ready()
            told = simulation.counts[1]
            wait_until(lambda: simulation.counts[1] > told, START_SECONDS, "nothing more was acknowledged")
            simulation.signal(signal.SIGINT)
            assert simulation.wait(STOP_SECONDS) == 0, simulation.output
            # What was cut off between commit and answer is sent again, and stored once.
            assert count(tmp_path, "two_reading") == simulation.counts[1]
    assert "Traceback" not in simulation.output


def test_a_wrong_token_is_one_clear_line(site: tuple[Server, Path]) -> None:
    server, folder = site
    for via in ("http", "line", "ws"):
        options = ("--devices", "2", "--via", via, "--server", server.url, "--token", "wrong")
        done = manage("simulate", *options, DATA_DIR=str(folder))
        assert done.returncode != 0
        assert len(done.stderr.strip().splitlines()) == 1
        assert "token" in done.stderr


@pytest.mark.parametrize(
    "options", [{"devices": 0}, {"rate": 0}, {"seconds": -1}, {"server": "nonsense"}, {"via": "mqtt"}]
)
def test_an_impossible_option_is_named(options: dict[str, object]) -> None:
    with pytest.raises(CommandError, match=f"--{'broker' if 'via' in options else next(iter(options))}"):
        call_command("simulate", **options)
