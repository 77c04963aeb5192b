"""A connection to a broker that acknowledges a message when we say so."""

from collections.abc import Sequence
from typing import Any

import aiomqtt
from django.conf import settings
from django.utils.crypto import salted_hmac

from two.ingest.broker import Broker

MAX_QUEUED_MESSAGES = 10_000
MAX_QUEUED_BYTES = 16 * 1024 * 1024
AT_LEAST_ONCE = 1
REFUSED = 128  # and above: the answer to a subscription


class Session(aiomqtt.Client):
    """A persistent session: while nobody is connected, the broker keeps what comes with QoS 1.

    aiomqtt has no acknowledging by hand yet (https://github.com/empicano/aiomqtt/issues/345, which knows this way),
    and its queue drops whatever comes when it is full. So this leans on two of its private names, `_client`
    (paho-mqtt's client) and `_on_message`; its version is pinned.
    """

    def __init__(self, broker: Broker) -> None:
        # The same name after every restart, another at every site: two clients of one name throw each other out.
        name = f"examplechannels-{salted_hmac('two.mqtt', 'session').hexdigest()[:8]}"
        super().__init__(**broker.options, identifier=name, clean_session=False)
        self._client.manual_ack_set(True)
        self.dropped = 0  # messages of QoS 0
        self._queued_bytes = 0

    async def subscribe_all(self, filters: Sequence[str]) -> list[str]:
        """Subscribes with QoS 1. Returns the filters that the broker refuses."""
        answers = await self.subscribe([(topic, AT_LEAST_ONCE) for topic in filters])
        codes = [answer if isinstance(answer, int) else answer.value for answer in answers]
        return [topic for topic, code in zip(filters, codes, strict=True) if code >= REFUSED]

    async def next_message(self) -> aiomqtt.Message:
        """Raises `aiomqtt.MqttError` once the connection is gone and all that had come is taken."""
        message = await anext(self.messages)
        self._queued_bytes -= len(message.payload)
        return message

    def acknowledge(self, message: aiomqtt.Message) -> None:
        """In the order of arrival. On a connection that is gone it does nothing, and the broker sends again."""
        self._client.ack(message.mid, message.qos)

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        """QoS 1 is always let in: the broker sends only so many (Mosquitto: 20) before one is acknowledged."""
        is_full = len(self.messages) >= MAX_QUEUED_MESSAGES or self._queued_bytes >= MAX_QUEUED_BYTES
        if is_full and message.qos == 0:
            self.dropped += 1
            return
        # What is too big is refused later; here it must not fill the memory.
        message.payload = message.payload[: settings.MAX_FRAME_BYTES + 1]
        self._queued_bytes += len(message.payload)
        super()._on_message(client, userdata, message)
