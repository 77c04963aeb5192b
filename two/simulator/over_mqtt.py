"""Devices that publish at a broker."""

import json
from collections.abc import Sequence
from contextlib import AsyncExitStack

import aiomqtt

from two.ingest.broker import Broker
from two.simulator.link import Away, Message, reason_of

AT_LEAST_ONCE = 1


class MqttLink:
    """Publishes `telemetry/<device>` with QoS 1. Acknowledged means that the broker has it."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._client: aiomqtt.Client | None = None
        self._open = AsyncExitStack()

    async def send(self, messages: Sequence[Message]) -> None:
        try:
            if self._client is None:
                self._client = await self._open.enter_async_context(aiomqtt.Client(**self._broker.options))
            for message in messages:
                payload = json.dumps({"ts": message.at_ms, **message.values})
                await self._client.publish(f"telemetry/{message.device}", payload, qos=AT_LEAST_ONCE)
        except (aiomqtt.MqttError, OSError) as error:
            await self.close()
            raise Away(reason_of(error)) from None

    async def close(self) -> None:
        self._client = None
        try:
            await self._open.aclose()
        except aiomqtt.MqttError:
            pass  # it is gone already
