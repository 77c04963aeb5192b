"""Devices as people have them: the printed examples, and InfluxDB's own client library."""

import json
import re
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Server, manage, new_token

pytestmark = pytest.mark.server

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the library itself uses is not ours to mend
    from influxdb_client import InfluxDBClient, Point, WritePrecision
    from influxdb_client.client.write_api import SYNCHRONOUS
    from influxdb_client.rest import ApiException


def site_token(folder: Path) -> str:
    return new_token(folder)


def points_of(server: Server, device: str) -> dict[str, list[float]]:
    status, text = server.get(f"/two/readings/?device={device}")
    assert status == 200, text
    return {series["metric"]: [value for _at, value in series["points"]] for series in json.loads(text)["series"]}


def test_the_printed_curl_example_works_as_it_is(server: Server, prepared: Path) -> None:
    name = f"boiler-{server.kind}"
    printed = manage("device", name, "--site", server.url, DATA_DIR=str(prepared)).stdout
    example = re.search(r"^curl .*?'$", printed, re.MULTILINE | re.DOTALL)
    assert example
    done = subprocess.run(
        ["bash", "-c", f"{example[0]} -sS --fail-with-body"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert points_of(server, name) == {"temperature": [21.5], "humidity": [48.0]}


@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
def test_influxdbs_client_library_writes(server: Server, prepared: Path, gzip: bool) -> None:
    device = f"influx-{server.kind}-{int(gzip)}"
    now = time.time_ns()
    with InfluxDBClient(server.url, site_token(prepared), org="any", enable_gzip=gzip) as client:
        api = client.write_api(write_options=SYNCHRONOUS)
        points = [
            Point("climate")
            .tag("device", device)
            .field("temperature", 20.0 + n)
            .time(now - n * 10**9, WritePrecision.NS)
            for n in range(3)
        ]
        api.write(bucket="any", record=points)
        api.write(bucket="any", record=f'climate,device={device} open=t,note="a b" {now // 10**9}', write_precision="s")
    assert points_of(server, device) == {"climate.temperature": [22.0, 21.0, 20.0], "climate.open": [1.0]}


def test_influxdbs_client_library_understands_errors(server: Server, prepared: Path) -> None:
    def status(token: str, record: Any) -> tuple[int, str]:
        with InfluxDBClient(server.url, token, org="any") as client, pytest.raises(ApiException) as caught:
            client.write_api(write_options=SYNCHRONOUS).write(bucket="any", record=record)
        return caught.value.status, str(caught.value.message)

    code, message = status(site_token(prepared), "a v=1\nb v=")
    assert (code, "line 2" in message) == (400, True)
    assert status("wrong", "a v=1")[0] == 401
