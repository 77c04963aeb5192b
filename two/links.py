"""The ways a device sends its readings, each as a real client does it. A link sends one batch at a time."""

import asyncio
import json
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple, Protocol

import aiomqtt
import websockets

from two.http_client import Answer, HttpConnection
from two.ingest.broker import Broker

ANSWER_SECONDS = 15.0
AT_LEAST_ONCE = 1
LOG_IN = 4401
UNKNOWN_TOKEN = {"bad-token", "no-token", "view-token"}
LATER = {"not-stored", "too-fast", "too-many-guesses"}


class Message(NamedTuple):
    """What a device measured at one time."""

    device: str
    at_ms: int  # Unix milliseconds
    values: dict[str, float]


class Away(Exception):
    """The other side does not answer, or cannot take anything now: send it again."""


class Rejected(Exception):
    """The other side does not want this batch: go on with the next."""


class NotWelcome(Exception):
    """The other side does not know the token: nothing will be taken."""


class Link(Protocol):
    async def send(self, messages: Sequence[Message]) -> None:
        """Returns when the batch is acknowledged; connects when it has to.

        Raises:
            Away, Rejected, NotWelcome: see there.
        """

    async def close(self) -> None: ...


def envelope(message: Message) -> dict[str, Any]:
    """The JSON reading of one message, with its device (docs/protocol.md, JSON readings)."""
    return {"device": message.device, "ts": message.at_ms, "values": message.values}


def line(message: Message) -> str:
    """The same in line protocol: the measurement is the device."""
    fields = ",".join(f"{metric}={value!r}" for metric, value in message.values.items())
    return f"{message.device} {fields} {message.at_ms}"


class HttpLink:
    """JSON by POST, acknowledged by a 204 after the commit."""

    def __init__(self, server: str, token: str) -> None:
        self._connection = HttpConnection(server)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    async def send(self, messages: Sequence[Message]) -> None:
        objects = [envelope(message) for message in messages]
        body = json.dumps(objects if len(objects) > 1 else objects[0]).encode()
        await _post(self._connection, "/two/readings/", body, self._headers)

    async def close(self) -> None:
        self._connection.close()


class LineLink:
    """InfluxDB line protocol in batches, as Telegraf sends it."""

    def __init__(self, server: str, token: str) -> None:
        self._connection = HttpConnection(server)
        self._headers = {"Authorization": f"Token {token}", "Content-Type": "text/plain; charset=utf-8"}

    async def send(self, messages: Sequence[Message]) -> None:
        body = "\n".join(line(message) for message in messages).encode()
        await _post(self._connection, "/api/v2/write?precision=ms", body, self._headers)

    async def close(self) -> None:
        self._connection.close()


async def _post(connection: HttpConnection, path: str, body: bytes, headers: dict[str, str]) -> None:
    try:
        answer = await connection.post(path, body, headers)
    except OSError as error:
        raise Away(_reason(error)) from None
    if answer.status != 204:
        raise _refusal(answer)


def _refusal(answer: Answer) -> Exception:
    reason = f"HTTP {answer.status}: {answer.body[:200]}" if answer.body.startswith("{") else f"HTTP {answer.status}"
    if answer.status in {401, 403}:
        return NotWelcome(reason)
    return Away(reason) if answer.status in {408, 429} or answer.status >= 500 else Rejected(reason)


class WebSocketLink:
    """Frames over `ws/two/ingest/`, each acknowledged after its commit."""

    def __init__(self, server: str, token: str) -> None:
        self._url = "ws" + server.removeprefix("http") + "/ws/two/ingest/"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._socket: websockets.ClientConnection | None = None

    async def send(self, messages: Sequence[Message]) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._socket is None:
                    self._socket = await websockets.connect(self._url, additional_headers=self._headers)
                await self._socket.send(json.dumps([envelope(message) for message in messages]))
                answer = json.loads(await self._socket.recv())
        except (OSError, websockets.WebSocketException) as error:
            await self.close()
            if isinstance(error, websockets.ConnectionClosed) and error.rcvd and error.rcvd.code == LOG_IN:
                raise NotWelcome("the server does not know the token") from None
            raise Away(_reason(error)) from None
        if "ack" not in answer:
            kind = {**dict.fromkeys(UNKNOWN_TOKEN, NotWelcome), **dict.fromkeys(LATER, Away)}
            raise kind.get(answer.get("code"), Rejected)(answer.get("detail", "an error without a detail"))

    async def close(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()


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
            raise Away(_reason(error)) from None

    async def close(self) -> None:
        self._client = None
        try:
            await self._open.aclose()
        except aiomqtt.MqttError:
            pass  # it is gone already


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
