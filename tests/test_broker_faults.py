"""The broker stops, refuses, is cut off or killed beside a bridge that goes on (`make faults`)."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.broker import MOSQUITTO, PASSWORD, USER, Bridge, Broker
from tests.ledger import Key, Ledger
from tests.proxy import Proxy
from tests.servers import HEAL_SECONDS, running, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.server]
STOP_SECONDS, FAULT_SECONDS = 20, 5
ENOUGH = 50
KEEPS_SESSIONS = ("autosave_interval 1", "autosave_on_changes true")  # also when it is killed; Mosquitto's words
forgetful = pytest.mark.skipif(MOSQUITTO is None, reason="amqtt keeps neither sessions nor what was on its way")
MESSAGE_SECONDS, AGAIN_SECONDS, ACKNOWLEDGED_SECONDS = 0.02, 0.2, 2


class Device:
    """One of its own name, which publishes with QoS 1 straight to the broker, again where it was not acknowledged."""

    def __init__(self, port: int) -> None:
        self.acknowledged: dict[Key, float] = {}
        self._name = f"device-{uuid4().hex[:8]}"
        self._stopped = Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=self._name, clean_session=False)
        self._client.username_pw_set(USER, PASSWORD)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._thread = Thread(target=self._send)
        self._thread.start()

    def _send(self) -> None:
        at_ms = int(time.time() * 1000) - 10**6
        while not self._stopped.wait(MESSAGE_SECONDS):
            at_ms += 1
            value = float(at_ms % 97)
            payload = json.dumps({"ts": at_ms, "values": {"t": value}})
            while not self._stopped.is_set() and not self._is_taken(payload):
                self._stopped.wait(AGAIN_SECONDS)
            if not self._stopped.is_set():
                self.acknowledged[self._name, "t", at_ms * 10**6] = value

    def _is_taken(self, payload: str) -> bool:
        sent = self._client.publish(f"telemetry/{self._name}", payload, qos=1)
        try:
            sent.wait_for_publish(ACKNOWLEDGED_SECONDS)
            return sent.is_published()
        except (RuntimeError, ValueError):  # not connected, or too much waits
            return False

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()


class Scene:
    def __init__(self, folder: Path, data: Path) -> None:
        self.ledger = Ledger(data)
        with ExitStack() as stack:
            self.broker = Broker(folder, lines=KEEPS_SESSIONS)
            stack.callback(lambda: self.broker.stop())  # a test puts another in its place
            self.proxy = Proxy(self.broker.port)
            stack.callback(self.proxy.stop)
            url = self.broker.url.replace(str(self.broker.port), str(self.proxy.port))
            self.bridge = Bridge(data, url, HOST_FEED="0").connected()
            stack.callback(self.bridge.stop)
            self.device = Device(self.broker.port)
            stack.callback(self.device.stop)
            self._started = stack.pop_all()

    def stop(self) -> None:
        self._started.close()

    def stored(self) -> int:
        return int(self.ledger.rows("SELECT COUNT(*) FROM two_reading")[0][0])

    def until_stored(self, more: int, seconds: float) -> None:
        enough = self.stored() + more
        wait_until(lambda: self.stored() >= enough, seconds, f"{self.stored()} of {enough} are stored")

    def kill(self) -> None:
        self.broker.kill()

    def start_again(self) -> None:
        self.broker = self.broker.again()


@pytest.fixture
def scene(tmp_path: Path, prepared: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path, prepared)
    with running(scene):
        yield scene


@pytest.mark.parametrize(
    "name",
    [
        "stopped",
        pytest.param("killed", marks=forgetful),
        "refused",
        "cut there",
        pytest.param("cut back", marks=forgetful),
        "stalled",
    ],
)
def test_what_the_broker_acknowledged_is_stored_once_whatever_happened(scene: Scene, name: str) -> None:
    proxy = scene.proxy

    def nothing() -> None:
        pass

    faults: dict[str, tuple[Callable[[], Any], Callable[[], Any], float]] = {
        "stopped": (scene.broker.pause, scene.broker.resume, STOP_SECONDS),
        "killed": (scene.kill, scene.start_again, FAULT_SECONDS),
        "refused": (proxy.refuse, proxy.accept, FAULT_SECONDS),
        "cut there": (lambda: proxy.cut_in_mid_frame("there", 101), nothing, 1),
        "cut back": (lambda: proxy.cut_in_mid_frame("back", 1_001), nothing, 1),
        "stalled": (proxy.stall, proxy.resume, FAULT_SECONDS),
    }
    begin, end, seconds = faults[name]
    scene.until_stored(ENOUGH, HEAL_SECONDS)
    before = len(scene.device.acknowledged)
    begin()
    unsafe: set[Key] = set()
    if name == "killed":  # its memory alone held what it had not passed on yet
        unsafe = set(scene.device.acknowledged) - scene.ledger.readings().keys()
    time.sleep(seconds)
    end()
    scene.until_stored(ENOUGH, HEAL_SECONDS)
    acknowledged = set(scene.device.acknowledged) - unsafe
    assert len(acknowledged) > before, "something after it too"
    assert len(unsafe) < ENOUGH, "the bridge keeps up"
    lost: set[Key] = set()

    def all_there() -> bool:
        nonlocal lost
        lost = acknowledged - scene.ledger.readings().keys()
        return not lost

    with suppress(TimeoutError):
        wait_until(all_there, HEAL_SECONDS, "")
    assert not lost, f"{len(lost)} of {len(acknowledged)} that the broker acknowledged are not stored"
    scene.device.stop()
    scene.bridge.stop()
    scene.ledger.assert_rollups_agree()
    assert "Traceback" not in scene.bridge.output, scene.bridge.output[-3000:]
