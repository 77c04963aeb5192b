"""Each rung works as told."""

import json
from typing import Any

import pytest
from channels.layers import get_channel_layer

from docs.steps.async_chat import AsyncChatConsumer
from docs.steps.echo import EchoConsumer
from docs.steps.fan_out import GROUP as FAN_OUT_GROUP
from docs.steps.fan_out import FanOutConsumer
from docs.steps.group import GROUP, GroupConsumer
from docs.steps.loop_in_connect import PUSHES, LoopConsumer
from docs.steps.sync_chat import SyncChatConsumer
from examplechannels.broadcast import event
from tests.sockets import Communicator

pytestmark = pytest.mark.django_db(transaction=True)


async def opened(consumer: Any) -> Any:
    client = Communicator(consumer.as_asgi(), "/")
    connected, _ = await client.connect(timeout=5)
    assert connected
    return client


async def test_the_loop_pushes_but_hears_nothing_while_it_runs() -> None:
    class Quick(LoopConsumer):
        sleep = staticmethod(lambda seconds: None)

    client = await opened(Quick)
    await client.send_to(text_data="are you there?")
    for number in range(PUSHES):
        assert await client.receive_json_from(timeout=5) == {"message": f"word {number}"}
    await client.disconnect()


async def test_the_echo_answers_what_it_heard() -> None:
    client = await opened(EchoConsumer)
    await client.send_to(text_data="hi")
    assert await client.receive_from(timeout=5) == "hi"
    await client.disconnect()


async def test_both_chats_tell_everybody() -> None:
    for consumer in (SyncChatConsumer, AsyncChatConsumer):
        first, second = await opened(consumer), await opened(consumer)
        await first.send_to(text_data="hi")
        assert await first.receive_from(timeout=5) == await second.receive_from(timeout=5) == "hi"
        await first.disconnect()
        await second.disconnect()


async def test_a_push_to_the_group_reaches_each_viewer() -> None:
    viewers = [await opened(GroupConsumer) for _ in range(3)]
    await get_channel_layer().group_send(GROUP, {"type": "reading", "text": "42"})
    assert [await viewer.receive_from(timeout=5) for viewer in viewers] == ["42"] * 3
    for viewer in viewers:
        await viewer.disconnect()


async def test_the_fan_out_reaches_each_viewer_with_the_same_verbs(fanout: str, nothing_left: None) -> None:
    viewers = [await opened(FanOutConsumer) for _ in range(3)]
    await get_channel_layer().group_send(FAN_OUT_GROUP, event(FAN_OUT_GROUP, {"data": 42}))
    assert [json.loads(await viewer.receive_from(timeout=5)) for viewer in viewers] == [{"data": 42}] * 3
    for viewer in viewers:
        await viewer.disconnect()
