"""`ws/two/ingest/`, through the whole router."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from examplechannels.asgi import application
from tests.sockets import Communicator
from tests.tables import awithout_table
from two.ingest import socket
from two.models import AccessToken, Reading
from two.tests.cast import Cast
from two.tokens import tokens

pytestmark = pytest.mark.usefixtures("nothing_left")


async def connected(token: str = "", **headers: str) -> Any:
    if token:
        headers["authorization"] = f"Bearer {token}"
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    client = Communicator(application, "/ws/two/ingest/", headers=pairs)
    assert (await client.connect())[0]
    return client


@sync_to_async
def values() -> list[float]:
    return sorted(Reading.objects.values_list("value", flat=True))


async def test_each_frame_is_answered_in_order_after_its_commit(cast: Cast) -> None:
    client = await connected(cast.boiler)
    for number in range(100):
        await client.send_json_to({"a": number})
    for number in range(1, 101):
        assert await client.receive_json_from(timeout=5) == {"ack": number}
        if number in {1, 100}:
            assert len(await values()) >= number
    await client.disconnect()
    assert await values() == [float(number) for number in range(100)]


async def test_the_first_frame_may_bring_the_token(cast: Cast) -> None:
    client = await connected()
    await client.send_json_to({"token": cast.boiler})
    await client.send_json_to([{"a": 1}, {"a": 2}])
    assert await client.receive_json_from(timeout=5) == {"ack": 1}
    await client.disconnect()


async def test_a_wrong_frame_is_told_and_the_next_one_counts(cast: Cast) -> None:
    client = await connected(cast.boiler)
    for frame in ('{"a": 1}', "nonsense", '{"a": "x"}', '{"device": "oven", "values": {"a": 1}}', '{"a": 2}'):
        await client.send_to(text_data=frame)
    await client.send_to(bytes_data=b"\xff\x00")
    answers = [await client.receive_json_from(timeout=5) for _ in range(6)]
    assert [answer.get("ack") or (answer["frame"], answer["code"]) for answer in answers] == [
        1,
        (2, "not-json"),
        (3, "not-a-number"),
        (4, "foreign-device"),
        5,
        (6, "not-json"),
    ]
    assert all(answer["type"] == "error" and answer["detail"] for answer in answers if "ack" not in answer)
    await client.disconnect()
    assert await values() == [1.0, 2.0]


@pytest.mark.parametrize("first", ['{"token": "wrong"}', '{"a": 1}', "nonsense", '{"token": 5}', "[]"])
async def test_without_a_valid_token_the_socket_is_closed(cast: Cast, first: str) -> None:
    client = await connected()
    await client.send_to(text_data=first)
    assert (await client.receive_json_from(timeout=5))["type"] == "error"
    assert (await client.receive_output(timeout=5)) == {"type": "websocket.close", "code": 4401}
    await client.wait()


async def test_revoked_tokens_and_those_to_look_are_refused(cast: Cast) -> None:
    for token in (cast.revoked, cast.wall):
        client = await connected(token)
        assert (await client.receive_json_from(timeout=5))["type"] == "error"
        assert (await client.receive_output(timeout=5))["code"] == 4401
        await client.wait()


async def test_a_token_that_is_revoked_meanwhile_ends_the_socket(cast: Cast) -> None:
    client = await connected(cast.boiler)
    await client.send_json_to({"a": 1})
    assert await client.receive_json_from(timeout=5) == {"ack": 1}
    await AccessToken.objects.filter(revoked=None).aupdate(revoked=timezone.now())
    tokens.forget()
    await client.send_json_to({"a": 2})
    assert (await client.receive_json_from(timeout=5))["code"] == "bad-token"
    assert (await client.receive_output(timeout=5))["code"] == 4401
    await client.wait()
    assert await values() == [1.0]


async def test_who_says_nothing_is_closed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "TOKEN_SECONDS", 0.05)
    client = await connected()
    assert (await client.receive_json_from(timeout=5))["code"] == "no-token"
    assert (await client.receive_output(timeout=5))["code"] == 4401
    await client.wait()


async def test_a_socket_that_ends_at_once_is_forgotten(cast: Cast) -> None:
    for _ in range(3):
        client = await connected(cast.boiler)
        for number in range(20):
            await client.send_json_to({"a": number})
        await client.disconnect()


async def test_who_does_not_read_answers_is_not_read_from(cast: Cast) -> None:
    """Frames wait in the socket, not in memory."""
    read = 0
    taken = asyncio.Event()

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "websocket.connect"} if read == 1 else {"type": "websocket.receive", "text": '{"a": 1}'}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            taken.set()
            await asyncio.Event().wait()

    scope = {"headers": [(b"authorization", f"Bearer {cast.boiler}".encode())], "client": ("127.0.0.1", 1)}
    task = asyncio.create_task(socket.ingest(scope, receive, send))
    await asyncio.wait_for(taken.wait(), 5)
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert read <= socket.MAX_UNANSWERED + 4
    task.cancel()
    await asyncio.wait([task])


async def test_the_answers_are_json(cast: Cast) -> None:
    client = await connected(cast.boiler)
    await client.send_json_to({"a": 1})
    assert json.loads(await client.receive_from(timeout=5)) == {"ack": 1}
    await client.disconnect()


async def test_half_a_surrogate_pair_is_an_error_like_any_other(cast: Cast) -> None:
    client = await connected(cast.boiler)
    for frame in ('{"ok": 1}', '{"\\ud800": 1}', '{"values": {"a": 1}, "\\udfff": 1}', '{"ok": 2}'):
        await client.send_to(text_data=frame)
    answers = [await client.receive_json_from(timeout=5) for _ in range(4)]
    assert [answer.get("ack") or answer["code"] for answer in answers] == [1, "bad-metric", "unknown-key", 4]
    await client.disconnect()


async def test_while_no_token_can_be_looked_up_frames_are_not_acknowledged(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await connected(cast.boiler)
    await client.send_json_to({"a": 1})
    assert await client.receive_json_from(timeout=5) == {"ack": 1}
    async with awithout_table("two_accesstoken"):
        tokens.forget()
        await client.send_json_to({"a": 2})
        assert (await client.receive_json_from(timeout=5))["code"] == "not-stored"
        late = await connected(cast.boiler)
        assert (await late.receive_json_from(timeout=5))["code"] == "not-stored"
        assert (await late.receive_output(timeout=5))["code"] == 1013
        await late.wait()
    await client.send_json_to({"a": 3})
    assert await client.receive_json_from(timeout=5) == {"ack": 3}
    await client.disconnect()
    assert await values() == [1.0, 3.0]
