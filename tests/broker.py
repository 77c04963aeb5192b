"""A really started MQTT broker for tests, Mosquitto where it is installed, else amqtt; and our bridge beside it.

`python -m tests.broker` installs Mosquitto where there is none (CI does).
"""

import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.debian import DAEMONS_PATH, install
from tests.servers import CLEAN, ROOT, START_SECONDS, STOP_SECONDS, Process, free_port, listens, wait_until


def find() -> Path | None:
    """Mosquitto."""
    found = shutil.which("mosquitto", path=DAEMONS_PATH)
    return Path(found) if found else None


MOSQUITTO = None if os.environ.get("TEST_BROKER") == "amqtt" else find()
MOSQUITTO_PUB = shutil.which("mosquitto_pub")
MOSQUITTO_PASSWD = shutil.which("mosquitto_passwd") or "mosquitto_passwd"
# `make test` installs amqtt apart: it asks for a websockets of old.
AMQTT_PLACES = os.pathsep.join([DAEMONS_PATH, str(ROOT / ".venv/broker/bin"), str(Path(sys.executable).parent)])
AMQTT = shutil.which("amqtt", path=AMQTT_PLACES)

USER, PASSWORD = "tester", "secret"  # anybody may come in, but amqtt keeps messages for those alone who have a name
AMQTT_CONFIG = """\
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:{port}
plugins:
  amqtt.plugins.logging_amqtt.EventLoggerPlugin:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: false
"""
MOSQUITTO_CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
"""


class Broker(Process):
    """A broker that keeps its port over restarts; Mosquitto keeps its sessions too. `lines` go to its configuration."""

    def __init__(self, folder: Path, port: int | None = None, lines: Sequence[str] = ()) -> None:
        self.port = port or free_port()
        self._folder, self._lines = folder, lines
        config = folder / f"broker-{self.port}.conf"
        if MOSQUITTO:
            # Without "user root" root's broker becomes a user who may not write here.
            more = [*lines, "user root"] if os.geteuid() == 0 else lines
            config.write_text(MOSQUITTO_CONFIG.format(port=self.port, folder=folder) + "\n".join(more) + "\n")
            command = [str(MOSQUITTO), "-c", str(config)]
        else:
            config.write_text(AMQTT_CONFIG.format(port=self.port))
            command = [AMQTT or "amqtt", "-c", str(config)]
        super().__init__(command, {}, folder / f"broker-{self.port}.log")
        self.wait_until_it(lambda: listens(self.port), "the broker is not ready")

    @property
    def url(self) -> str:
        return f"mqtt://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

    def end(self) -> None:
        self.stop()
        self.wait(STOP_SECONDS)

    def again(self) -> "Broker":
        return Broker(self._folder, self.port, self._lines)


class Bridge(Process):
    """`manage.py mqtt`, connected."""

    def __init__(self, folder: Path, url: str, **env: str) -> None:
        log = folder / f"bridge-{time.monotonic_ns()}.log"
        command = [sys.executable, "manage.py", "mqtt", "--broker", url]
        super().__init__(command, {**CLEAN, "DATA_DIR": str(folder), **env}, log)

    def wait_until_says(self, text: str, times: int = 1) -> None:
        wait_until(lambda: self.output.count(text) >= times or not self.running, START_SECONDS, f"no “{text}”")
        assert self.output.count(text) >= times, self.output

    def connected(self) -> "Bridge":
        try:
            self.wait_until_says("connected to")
        except BaseException:
            self.stop()
            raise
        return self


if __name__ == "__main__":
    install("Mosquitto", "mosquitto mosquitto-clients", find, "the tests of a broker's faults")
