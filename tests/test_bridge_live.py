"""What the bridge records, seen by who watches a server beside it."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
import websockets
from paho.mqtt import publish

from tests.broker import PASSWORD, USER, Bridge, Broker
from tests.servers import Server, Valkey, prepare, running

pytestmark = pytest.mark.server
WAIT_SECONDS = 15


async def send_until_stopped(broker: Broker) -> None:
    """A device that sends twice a second."""
    while True:
        payload = json.dumps({"ts": int(time.time() * 1000), "temperature": 21.5})
        auth: Any = {"username": USER, "password": PASSWORD}
        to = {"qos": 1, "hostname": "127.0.0.1", "port": broker.port, "auth": auth}
        await asyncio.to_thread(publish.single, "telemetry/boiler", payload, **to)
        await asyncio.sleep(0.5)


@pytest.mark.parametrize("redis", [True, False], ids=["redis", "neighbours"])
async def test_a_viewer_sees_what_the_bridge_records(tmp_path: Path, redis: bool) -> None:
    prepare(tmp_path)
    broker, valkey = Broker(tmp_path), Valkey(tmp_path)
    url = valkey.url if redis else ""
    server = Server("uvicorn", tmp_path, HOST_FEED="0", REDIS_URL=url)
    bridge = Bridge(tmp_path, broker.url, REDIS_URL=url)
    with running(broker, valkey, server, bridge):
        server.wait_until_ready()
        bridge.connected()
        assert ("Without REDIS_URL" in bridge.output) is not redis
        async with websockets.connect(f"{server.ws}/ws/two/?device=boiler") as viewer:
            device = asyncio.create_task(send_until_stopped(broker))
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    [reading, *_] = json.loads(await viewer.recv())
            finally:
                device.cancel()
    del reading["at"]
    assert reading == {"data": 21.5, "device": "boiler", "metric": "temperature", "unit": "°C"}
