"""Readings over HTTP, through Django's whole stack."""

import asyncio
import base64
import gzip
import json
import time
import zlib
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from tests.tables import awithout_table
from two import tokens as tokens_module
from two.models import AccessToken, Device, Reading
from two.tests.cast import Cast
from two.tokens import BURST_WRONG, KEEP_SECONDS, tokens

pytestmark = pytest.mark.usefixtures("nothing_left")
client = AsyncClient()


async def post(path: str, body: Any, token: str = "", scheme: str = "Bearer", **headers: str) -> Any:
    if token:
        headers["Authorization"] = f"{scheme} {token}"
    data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return await client.post(path, data, content_type="application/octet-stream", headers=headers)


async def send(body: Any, token: str, **headers: str) -> Any:
    return await post("/two/readings/", body, token, **headers)


async def write(body: Any, token: str, query: str = "", **headers: str) -> Any:
    return await post(f"/api/v2/write{query}", body, token, scheme="Token", **headers)


@sync_to_async
def stored() -> list[tuple[str, str, float]]:
    rows = Reading.objects.order_by("metric__device__slug", "metric__name", "at_ns")
    return list(rows.values_list("metric__device__slug", "metric__name", "value"))


async def test_a_device_posts_its_readings(cast: Cast) -> None:
    answer = await send({"temperature": 21.5, "humidity": 48}, cast.boiler)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await stored() == [("boiler", "humidity", 48.0), ("boiler", "temperature", 21.5)]


async def test_a_site_creates_devices_by_writing(cast: Cast) -> None:
    assert (await send([{"device": "Pump 1", "values": {"on": 1}}], cast.site)).status_code == 204
    assert (await write("cpu,host=srv1 usage=2", cast.site)).status_code == 204
    assert await stored() == [("pump-1", "on", 1.0), ("srv1", "cpu.usage", 2.0)]
    assert await Device.objects.filter(slug="pump-1", name="Pump 1").aexists()


@pytest.mark.parametrize("path", ["/api/v2/write", "/write"])
async def test_line_protocol_as_influxdb_clients_authenticate(cast: Cast, path: str) -> None:
    basic = base64.b64encode(f"anyone:{cast.site}".encode()).decode()
    assert (await post(path, "a v=1", cast.site, scheme="Token")).status_code == 204
    assert (await post(path, "a v=2", basic, scheme="Basic")).status_code == 204
    assert (await post(f"{path}?u=anyone&p={cast.site}", "a v=3")).status_code == 204
    assert (await post(f"{path}?precision=s&org=o&bucket=b", f"a v=4 {int(time.time())}", cast.site)).status_code == 204
    assert sorted(value for _device, _metric, value in await stored()) == [1, 2, 3, 4]


async def test_who_may_not_write(cast: Cast) -> None:
    body = {"a": 1}
    for token, status in (("", 401), ("wrong", 401), (cast.revoked, 401), (cast.wall, 403), ("é" * 500, 401)):
        answer = await send(body, token.encode().decode("latin-1") if token.isascii() is False else token)
        assert answer.status_code == status, token
        assert json.loads(answer.content)["error"]["detail"]
    answer = await send({"device": "oven", "values": {"a": 1}}, cast.boiler)
    assert (answer.status_code, json.loads(answer.content)["error"]["code"]) == (403, "foreign-device")
    answer = await write("oven a=1", cast.boiler)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (403, "forbidden")
    assert await stored() == []


async def test_a_revoked_token_ends_within_seconds(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await send({"a": 1}, cast.boiler)).status_code == 204
    await AccessToken.objects.filter(revoked=None).aupdate(revoked=timezone.now())
    later = time.monotonic() + KEEP_SECONDS
    monkeypatch.setattr(tokens, "_clock", lambda: later)
    assert (await send({"a": 2}, cast.boiler)).status_code == 401
    assert len(await stored()) == 1


async def test_guesses_are_limited_and_known_devices_do_not_notice(cast: Cast) -> None:
    assert (await send({"a": 1}, cast.boiler)).status_code == 204
    answers = [await send({"a": 1}, f"guess-{number}") for number in range(BURST_WRONG + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {401}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert (await send({"a": 2}, cast.boiler)).status_code == 204


async def test_a_crowd_of_devices_behind_one_address_are_no_guesses(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    @sync_to_async
    def crowd() -> list[str]:
        devices = [Device.objects.create(slug=f"d{number}", name="x") for number in range(3 * BURST_WRONG)]
        return [AccessToken.issue(AccessToken.Scope.DEVICE, device) for device in devices]

    everybody = await crowd()
    now = time.monotonic()
    for round_number in range(3):
        monkeypatch.setattr(tokens, "_clock", lambda: now + round_number * 2 * KEEP_SECONDS)  # noqa: B023
        answers = await asyncio.gather(*(send({"a": 1}, token) for token in everybody))
        assert {answer.status_code for answer in answers} == {204}


async def test_many_at_once_with_one_new_token_are_no_guesses(cast: Cast) -> None:
    answers = await asyncio.gather(*(send({"a": number}, cast.boiler) for number in range(2 * BURST_WRONG)))
    assert {answer.status_code for answer in answers} == {204}


async def test_a_token_that_writes_too_much_waits(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tokens_module.BURST_READINGS, AccessToken.Scope.DEVICE, 3)
    monkeypatch.setitem(tokens_module.READINGS_PER_SECOND, AccessToken.Scope.DEVICE, 3)
    monkeypatch.setattr(tokens, "_clock", lambda: 0.0)  # however long a commit takes
    assert (await send({"a": 1, "b": 1, "c": 1}, cast.oven)).status_code == 204
    answer = await send({"a": 1, "b": 1, "c": 1}, cast.oven)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    answer = await write("oven a=1,b=1,c=1", cast.oven)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (429, "too many requests")
    assert len(await stored()) == 3


async def test_a_wrong_batch_is_refused_whole(cast: Cast) -> None:
    answer = await send([{"a": 1}, {"a": "x"}], cast.boiler)
    assert (answer.status_code, json.loads(answer.content)["error"]["code"]) == (400, "not-a-number")
    answer = await write("boiler a=1\nboiler a=x", cast.boiler)
    error = json.loads(answer.content)
    assert (answer.status_code, error["code"]) == (400, "invalid")
    assert "line 2" in error["message"]
    assert (await write("\n".join(["boiler a=1"] * 10_001), cast.boiler)).status_code == 413
    assert (await send({f"m{number}": 1 for number in range(10_000)}, cast.boiler)).status_code == 400
    assert (await write("boiler a=1", cast.boiler, query="?precision=fortnight")).status_code == 400
    assert await stored() == []


async def test_gzip_is_read(cast: Cast) -> None:
    body = gzip.compress(b"boiler a=1")
    assert (await write(body, cast.boiler, **{"Content-Encoding": "gzip"})).status_code == 204
    body = gzip.compress(b'{"b": 2}')
    assert (await send(body, cast.boiler, **{"Content-Encoding": "gzip"})).status_code == 204
    assert await stored() == [("boiler", "a", 1.0), ("boiler", "b", 2.0)]


async def test_bad_gzip_is_refused(cast: Cast) -> None:
    whole = gzip.compress(b"boiler a=1")
    bomb = gzip.compress(b"boiler a=1\n" * 10_000_000)
    for body, status in (
        (b"boiler a=1", 400),
        (whole[:-3], 400),
        (whole + b"more", 400),
        (whole + whole, 400),
        (b"", 400),
        (zlib.compress(b"boiler a=1"), 400),
        (bomb, 413),
    ):
        assert (await write(body, cast.boiler, **{"Content-Encoding": "gzip"})).status_code == status
    assert (await write(b"boiler a=1", cast.boiler, **{"Content-Encoding": "br"})).status_code == 400
    assert await stored() == []


async def test_a_body_without_readings_is_fine_in_line_protocol_and_not_in_json(cast: Cast) -> None:
    assert (await write('boiler who="me"\n# nothing\n', cast.boiler)).status_code == 204
    assert (await write("", cast.boiler)).status_code == 204
    assert (await send("", cast.boiler)).status_code == 400


async def test_only_post_writes(cast: Cast) -> None:
    assert (await client.get("/api/v2/write")).status_code == 405
    assert (await client.put("/two/readings/")).status_code == 405


async def test_a_large_body_is_read_as_well(cast: Cast) -> None:
    now = time.time_ns()
    lines = "\n".join(f"boiler a={number} {now - number}" for number in range(10_000))
    assert (await write(lines, cast.boiler)).status_code == 204
    assert len(await stored()) == 10_000


async def test_a_body_may_be_four_mebibytes(cast: Cast) -> None:
    blank = " " * (3 * 1024 * 1024)
    assert (await send(f'{{"a": 1}}{blank}', cast.boiler)).status_code == 204
    answer = await send(f'{{"a": 1}}{blank}{blank}', cast.boiler)
    assert (answer.status_code, json.loads(answer.content)["error"]["code"]) == (413, "too-big")
    assert len(await stored()) == 1


async def test_a_forgotten_slash_is_forgiven(cast: Cast) -> None:
    assert (await post("/two/readings", '{"a": 1}', cast.boiler)).status_code == 204


async def test_letters_that_are_no_base64_are_no_token(cast: Cast) -> None:
    for wrong in ("ü", "/w==", "%%%"):
        assert (await post("/write", "a v=1", wrong, scheme="Basic")).status_code == 401


async def test_while_the_database_is_away_nothing_is_acknowledged(cast: Cast) -> None:
    async with awithout_table("two_accesstoken"):
        answer = await send({"a": 1}, cast.boiler)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert (await write("boiler a=1", cast.boiler)).status_code == 503
    async with awithout_table("two_metric"):
        for path in ("/two/readings/", "/two/devices/"):
            assert (await client.get(path)).status_code == 503
