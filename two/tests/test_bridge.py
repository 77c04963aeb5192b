"""The bridge as it runs: a real broker, `manage.py mqtt` in a process of its own, the database read from outside."""

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish

from tests.broker import MOSQUITTO, MOSQUITTO_PASSWD, MOSQUITTO_PUB, PASSWORD, USER, Bridge, Broker
from tests.servers import START_SECONDS, STOP_SECONDS, manage, running, wait_until

pytestmark = pytest.mark.server

AUTH: Any = {"username": USER, "password": PASSWORD}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A DATA_DIR with an empty database."""
    done = manage("migrate", "-v0", DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.fixture
def broker(folder: Path) -> Iterator[Broker]:
    broker = Broker(folder)
    with running(broker):
        yield broker


def execute(folder: Path, sql: str) -> list[tuple[str, str, int, float]]:
    with closing(sqlite3.connect(folder / "db.sqlite3", timeout=20)) as database, database:
        return database.execute(sql).fetchall()


def rows(folder: Path) -> list[tuple[str, str, int, float]]:
    """Device, metric, nanosecond and value of every reading."""
    return execute(
        folder,
        "SELECT d.slug, m.name, r.at_ns, r.value FROM two_reading r JOIN two_metric m ON m.id = r.metric_id "
        "JOIN two_device d ON d.id = m.device_id ORDER BY r.at_ns, d.slug, m.name",
    )


def values(folder: Path) -> dict[str, float]:
    return {f"{device}/{metric}": value for device, metric, _at, value in rows(folder)}


def wait_for_rows(folder: Path, count: int) -> None:
    wait_until(lambda: len(rows(folder)) >= count, START_SECONDS, f"no {count} readings")
    assert len(rows(folder)) == count


def send(broker: Broker, topic: str, payload: object, qos: int = 1, retain: bool = False) -> None:
    """Returns when the broker has it."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    publish.single(topic, text, qos=qos, retain=retain, hostname="127.0.0.1", port=broker.port, auth=AUTH)


def series(count: int) -> list[dict[str, object]]:
    """Messages with times of their own, a millisecond apart."""
    now_ms = int(time.time() * 1000)
    return [
        {"topic": "telemetry/boiler", "payload": json.dumps({"ts": now_ms + number, "value": number}), "qos": 1}
        for number in range(count)
    ]


def send_all(broker: Broker, messages: list[dict[str, object]]) -> None:
    publish.multiple(messages, hostname="127.0.0.1", port=broker.port, auth=AUTH)  # type: ignore[arg-type]


def test_all_three_kinds_of_topics_are_recorded(folder: Path, broker: Broker) -> None:
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        bridge.connected()
        assert bridge.output.count("Without REDIS_URL") == 1
        send(broker, "telemetry/boiler", {"ts": int(time.time() * 1000), "temperature": 21.5, "in": {"pressure": 1.2}})
        send(broker, "zigbee2mqtt/Living room", {"temperature": 20.5, "contact": True}, qos=0)
        send(broker, "tele/plug/SENSOR", {"Time": "2026-11-21T06:30:00", "ENERGY": {"Power": 7}}, qos=2)
        send(broker, "zigbee2mqtt/bridge/state", {"state": 1})
        send(broker, "zigbee2mqtt/Living room/availability", {"state": 1})
        wait_for_rows(folder, 4)
        assert values(folder) == {
            "boiler/temperature": 21.5,
            "boiler/in.pressure": 1.2,
            "living-room/temperature": 20.5,
            "plug/ENERGY.Power": 7,
        }
        assert "WARNING" not in bridge.output


@pytest.mark.skipif(MOSQUITTO_PUB is None, reason="mosquitto_pub is not installed")
def test_a_person_with_mosquitto_pub_is_heard(folder: Path, broker: Broker) -> None:
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        bridge.connected()
        to = [str(MOSQUITTO_PUB), "-p", str(broker.port), "-u", USER, "-P", PASSWORD]
        subprocess.run([*to, "-t", "telemetry/boiler", "-m", '{"temperature": 21.5}'], check=True, timeout=10)
        wait_for_rows(folder, 1)
        [(device, metric, at_ns, value)] = rows(folder)
        assert (device, metric, value) == ("boiler", "temperature", 21.5)
        assert abs(time.time_ns() - at_ns) < 10 * 10**9


def test_bad_payloads_are_a_line_each_and_disturb_nobody(folder: Path, broker: Broker) -> None:
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        bridge.connected()
        for payload in ("hello", "[1]", '{"ts": 1, "a": 1}', "x" * 100_000):
            send(broker, "telemetry/bad", payload)
        send(broker, "telemetry/random", {"value": 1})
        send_all(broker, [{"topic": "telemetry/bad", "payload": "again", "qos": 1} for _ in range(100)])
        send(broker, "telemetry/boiler", {"temperature": 21.5})
        wait_for_rows(folder, 1)
        lines = [line for line in bridge.output.splitlines() if "WARNING" in line]
        assert len(lines) == 10
        for line, reason in zip(lines, ("not JSON", "not a JSON object", "30 days ago", "64 KiB"), strict=False):
            assert "telemetry/bad" in line
            assert reason in line


def test_a_device_with_too_many_metrics_costs_the_others_nothing(folder: Path, broker: Broker) -> None:
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        bridge.connected()
        # Together in one batch: while the table is away, what comes waits.
        execute(folder, "ALTER TABLE two_reading RENAME TO away")
        send(broker, "telemetry/first", {"value": 1})
        bridge.wait_until_says("will be tried again")
        send(broker, "telemetry/flood", {f"m{number}": number for number in range(1_001)})
        send_all(broker, series(15))
        execute(folder, "ALTER TABLE away RENAME TO two_reading")
        wait_for_rows(folder, 16)
        bridge.wait_until_says("1,000 metrics")
        assert "telemetry/flood" in bridge.output


def test_retained_readings_without_a_time_are_not_taken_for_new_ones(folder: Path, broker: Broker) -> None:
    send(broker, "telemetry/old", {"temperature": 1}, retain=True)
    send(broker, "telemetry/timed", {"ts": int(time.time() * 1000), "temperature": 2}, retain=True)
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        bridge.connected()
        wait_for_rows(folder, 1)
        send(broker, "telemetry/old", {"temperature": 3}, retain=True)
        wait_for_rows(folder, 2)
        assert values(folder) == {"timed/temperature": 2, "old/temperature": 3}


def test_what_comes_while_the_bridge_is_down_arrives_once_it_is_back(folder: Path, broker: Broker) -> None:
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        bridge.connected()
    send_all(broker, series(50))
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        wait_for_rows(folder, 50)


@pytest.mark.skipif(MOSQUITTO is None, reason="amqtt does not resend what was never acknowledged")
def test_a_bridge_that_is_killed_loses_nothing(folder: Path, broker: Broker) -> None:
    messages = series(600)
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        bridge.connected()
        send_all(broker, messages[:300])
        bridge.signal(signal.SIGKILL)
        bridge.wait(STOP_SECONDS)
        send_all(broker, messages[300:])
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        wait_for_rows(folder, 600)


def test_what_the_database_does_not_take_is_tried_again(folder: Path, broker: Broker) -> None:
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        bridge.connected()
        execute(folder, "ALTER TABLE two_reading RENAME TO away")
        send(broker, "telemetry/boiler", {"temperature": 1}, qos=0)
        send_all(broker, series(30))
        bridge.wait_until_says("will be tried again")
        execute(folder, "ALTER TABLE away RENAME TO two_reading")
        wait_for_rows(folder, 31)


def test_after_a_restart_of_the_broker_it_goes_on(folder: Path) -> None:
    broker = Broker(folder)
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        with running(broker):
            bridge.connected()
            send(broker, "telemetry/boiler", {"temperature": 1})
            wait_for_rows(folder, 1)
        bridge.wait_until_says("no connection to")
        broker = broker.again()
        with running(broker):
            bridge.wait_until_says("connected to", times=2)
            send(broker, "telemetry/boiler", {"temperature": 2})
            wait_for_rows(folder, 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(folder: Path, broker: Broker, number: signal.Signals) -> None:
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        bridge.connected()
        bridge.signal(number)
        assert bridge.wait(STOP_SECONDS) == 0
        assert bridge.output.endswith("Stopped.\n")
        assert "Traceback" not in bridge.output


def test_a_signal_ends_it_while_the_broker_is_away(folder: Path, unused_tcp_port: int) -> None:
    bridge = Bridge(folder, f"mqtt://me:geheim@127.0.0.1:{unused_tcp_port}")
    with running(bridge):
        bridge.wait_until_says("no connection to")
        bridge.signal(signal.SIGTERM)
        assert bridge.wait(STOP_SECONDS) == 0
        assert "geheim" not in bridge.output
        assert "Traceback" not in bridge.output


@pytest.mark.skipif(MOSQUITTO is None, reason="it is Mosquitto that is configured")
def test_a_wrong_password_is_said_and_the_right_one_is_let_in(folder: Path) -> None:
    passwords = folder / "passwords"
    subprocess.run([MOSQUITTO_PASSWD, "-b", "-c", passwords, USER, PASSWORD], check=True, capture_output=True)
    broker = Broker(folder, lines=["allow_anonymous false", f"password_file {passwords}"])
    wrong = Bridge(folder, broker.url.replace(PASSWORD, "geheim"))
    right = Bridge(folder, broker.url, SECRET_KEY="another, so another name at the broker")
    with running(broker, wrong, right):
        wrong.wait_until_says("Not authorized")
        assert "geheim" not in wrong.output
        right.connected()
        send(broker, "telemetry/boiler", {"temperature": 1})
        wait_for_rows(folder, 1)


@pytest.mark.skipif(MOSQUITTO is None, reason="it is Mosquitto that is configured")
def test_tls_checks_whom_it_talks_to(folder: Path) -> None:
    key, certificate = str(folder / "broker.key"), str(folder / "broker.pem")
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    new += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(new, check=True, capture_output=True)
    broker = Broker(folder, lines=[f"keyfile {key}", f"certfile {certificate}"])
    url = broker.url.replace("mqtt://", "mqtts://")
    stranger = Bridge(folder, url)
    friend = Bridge(folder, url, SSL_CERT_FILE=certificate, SECRET_KEY="another, so another name at the broker")
    with running(broker, stranger, friend):
        stranger.wait_until_says("CERTIFICATE_VERIFY_FAILED")
        friend.connected()


def test_a_broker_that_hangs_does_not_keep_it_from_ending(folder: Path, broker: Broker) -> None:
    bridge = Bridge(folder, broker.url)
    with running(bridge):
        bridge.connected()
        broker.signal(signal.SIGSTOP)
        bridge.signal(signal.SIGTERM)
        assert bridge.wait(STOP_SECONDS) == 0
        assert "Traceback" not in bridge.output
