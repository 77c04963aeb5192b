"""Devices that send over HTTP: JSON, or InfluxDB line protocol."""

import json
from collections.abc import Sequence

from two.simulator.http_client import Answer, HttpConnection
from two.simulator.link import Away, Message, NotWelcome, Rejected, envelope, reason_of

LONGEST_RETRY_SECONDS = 60


def line(message: Message) -> str:
    """A message in line protocol: the measurement is the device."""
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
        raise Away(reason_of(error)) from None
    if answer.status != 204:
        raise refusal(answer)


def refusal(answer: Answer) -> Exception:
    """What an answer other than 204 means."""
    reason = f"HTTP {answer.status}{_detail(answer.body)}"
    if answer.status in {401, 403}:
        return NotWelcome(reason)
    if answer.status not in {408, 429} and answer.status < 500:
        return Rejected(reason)
    seconds = answer.headers.get("retry-after", "")
    return Away(reason, min(int(seconds), LONGEST_RETRY_SECONDS) if seconds.isdecimal() else 0)


def _detail(body: str) -> str:
    """What our errors and InfluxDB's say."""
    try:
        found = json.loads(body)
        return f": {found.get('message') or found['error']['detail']}"
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
