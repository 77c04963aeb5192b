from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from django.db.utils import OperationalError
from django.test import AsyncClient

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_process_that_turns_is_alive(async_client: AsyncClient) -> None:
    assert (await async_client.get("/livez")).json() == {"status": "ok"}


async def test_it_is_ready_when_database_and_layer_answer(async_client: AsyncClient) -> None:
    answer = await async_client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": "ok", "channel_layer": "ok"})


async def test_a_question_leaves_nothing_in_the_layer(async_client: AsyncClient) -> None:
    layer = InMemoryChannelLayer()
    previous = channel_layers.set("default", layer)
    await async_client.get("/readyz")
    channel_layers.set("default", previous)
    assert (layer.groups, layer.channels) == ({}, {})


@pytest.mark.parametrize("part", ["group_send", "receive"])
async def test_a_layer_that_does_not_answer_is_named(
    part: str, async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise ConnectionError("Redis is away")

    monkeypatch.setattr(InMemoryChannelLayer, part, away)
    answer = await async_client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "database": "ok", "channel_layer": "no answer"}


async def test_a_database_that_does_not_answer_is_named(
    async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise OperationalError("no route to host")

    monkeypatch.setattr("examplechannels.health._ask_database", away)
    answer = await async_client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "no answer")


async def test_a_layer_where_sending_overtakes_joining_is_ready(async_client: AsyncClient) -> None:
    class Overtaking(InMemoryChannelLayer):
        joined = False

        async def group_send(self, group: str, message: Any) -> None:
            if self.joined or group not in self.groups:
                await super().group_send(group, message)
            self.joined = group in self.groups

    previous = channel_layers.set("default", Overtaking())
    answer = await async_client.get("/readyz")
    channel_layers.set("default", previous)
    assert answer.status_code == 200
