import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.servers import manage, new_folder
from two.ingest.broker import Broker, parse_broker


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtt://localhost", Broker("localhost", 1883, None, None, False)),
        ("mqtt://me:s%2Fcret@broker.example:2883/", Broker("broker.example", 2883, "me", "s/cret", False)),
        ("mqtts://[::1]", Broker("::1", 8883, None, None, True)),
    ],
)
def test_a_broker_is_a_url(url: str, broker: Broker) -> None:
    assert parse_broker(url) == broker


def test_a_broker_is_shown_without_its_password() -> None:
    assert str(parse_broker("mqtts://me:secret@[::1]")) == "mqtts://[::1]:8883"


@pytest.mark.parametrize(
    "url",
    [
        "localhost:1883",
        "http://localhost",
        "mqtt://",
        "mqtt://a:b",
        "mqtt://[::1",
        "mqtt://me:geheim/x@host",
        "mqtt://me:geheim#x@host:1",
    ],
)
def test_a_bad_broker_is_said_without_its_password(url: str, settings: Settings) -> None:
    with pytest.raises(CommandError, match="mqtt://user:password@host:1883") as told:
        call_command("mqtt", broker=url)
    assert str(told.value).startswith("--broker ")
    assert "geheim" not in str(told.value)
    settings.MQTT_URL = url
    with pytest.raises(CommandError, match=r"^MQTT_URL ") as told:
        call_command("mqtt")
    assert "geheim" not in str(told.value)


def test_no_broker_is_one_clear_line() -> None:
    done = manage("mqtt", DATA_DIR=str(new_folder()))
    assert done.returncode != 0
    assert "set MQTT_URL" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
