"""Devices that send readings by HTTP, line protocol and WebSocket, and remember what was acknowledged."""

import asyncio
import http.client
import json
import random
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

import websockets

from tests.chat_page import eventually
from tests.ledger import Key, Ledger

SENDERS = 4  # of each kind
BATCH = 50
UNANSWERED_FRAMES = 8
PATIENCE_SECONDS = 15
AGAIN_SECONDS = 0.01

Acknowledged = dict[Key, float]


def post(url: str, path: str, body: bytes, token: str) -> bool:
    """True when it was acknowledged; False when the server is away or has not stored it."""
    request = urllib.request.Request(url + path, body, {"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return bool(answer.status == 204)
    except urllib.error.HTTPError as error:
        with error:
            if error.code != 503 or not error.headers["Retry-After"]:
                raise
        return False
    except (OSError, http.client.HTTPException):  # which also ends in mid-answer
        return False


def batch(sender: str, behind_seconds: int = 0) -> Acknowledged:
    now = time.time_ns() - behind_seconds * 10**9
    return {(sender, f"m{number % 7}", now + number): random.random() for number in range(BATCH)}


def as_json(values: Acknowledged) -> bytes:
    """Milliseconds alone fit `ts`, so each reading gets one of its own."""
    return json.dumps(
        [
            {"device": device, "ts": at // 10**6, "values": {metric: value}}
            for (device, metric, at), value in values.items()
        ]
    ).encode()


def as_lines(values: Acknowledged) -> bytes:
    return "\n".join(f"{device} {metric}={value!r} {at}" for (device, metric, at), value in values.items()).encode()


class Senders:
    """As many of each kind, in threads, from entering to leaving. `url` is the server's.

    Readings bear times; `behind_seconds` puts them into the past, for servers whose clocks are behind.
    """

    def __init__(
        self, url: str, token: str, each: int = SENDERS, pause_seconds: float = 0, behind_seconds: int = 0
    ) -> None:
        self.acknowledged: list[Acknowledged] = [{} for _ in range(3 * each)]
        self.slowest = 0.0  # answer to a POST, in seconds; also where none came
        self._name = f"device-{uuid4().hex[:8]}"  # of its own, for others may have sent other values at these times
        self._stopped = False
        self._url, self._token, self._pause_seconds = url, token, pause_seconds
        self._behind_seconds = behind_seconds

    def count(self) -> int:
        return sum(map(len, self.acknowledged))

    def everything(self) -> Acknowledged:
        return {key: value for part in self.acknowledged for key, value in part.items()}

    def assert_all_there_once(self, ledger: Ledger) -> None:
        stored = ledger.readings()
        lost = {key for key, value in self.everything().items() if stored.get(key) != value}
        assert not lost, f"{len(lost)} of {self.count()} acknowledged readings are not there"
        ledger.assert_rollups_agree()

    async def until(self, count: int, seconds: float = 60) -> None:
        await eventually(lambda: self.count() >= count, seconds, lambda: f"{self.count()} of {count} acknowledged")

    async def __aenter__(self) -> "Senders":
        self._threads = ThreadPoolExecutor(len(self.acknowledged))
        self._tasks: list[asyncio.Future[None]] = []
        loop = asyncio.get_running_loop()
        for number, acknowledged in enumerate(self.acknowledged):
            sender = f"{self._name}-{number}"
            if number % 3 == 2:
                self._tasks.append(asyncio.ensure_future(self._send_frames(sender, acknowledged)))
            else:
                send = self._send_lines if number % 3 else self._send_json
                self._tasks.append(loop.run_in_executor(self._threads, send, sender, acknowledged))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopped = True
        await asyncio.gather(*self._tasks)
        self._threads.shutdown()

    def _post(self, path: str, body: bytes) -> bool:
        began = time.monotonic()
        is_acknowledged = post(self._url, path, body, self._token)
        self.slowest = max(self.slowest, time.monotonic() - began)
        time.sleep(self._pause_seconds if is_acknowledged else max(self._pause_seconds, AGAIN_SECONDS))
        return is_acknowledged

    def _send_lines(self, sender: str, acknowledged: Acknowledged) -> None:
        while not self._stopped:
            values = batch(sender, self._behind_seconds)
            if self._post("/api/v2/write", as_lines(values)):
                acknowledged.update(values)
                self._post("/api/v2/write", as_lines(values))  # a doubtful client sends it again

    def _send_json(self, sender: str, acknowledged: Acknowledged) -> None:
        at_ms = time.time_ns() // 10**6 - 10**6 - self._behind_seconds * 1000
        while not self._stopped:
            values = {(sender, f"m{n % 7}", (at_ms := at_ms + 1) * 10**6): random.random() for n in range(BATCH)}
            if self._post("/two/readings/", as_json(values)):
                acknowledged.update(values)

    async def _send_frames(self, sender: str, acknowledged: Acknowledged) -> None:
        url = f"ws{self._url.removeprefix('http')}/ws/two/ingest/"
        headers = {"Authorization": f"Bearer {self._token}"}
        at_ms = time.time_ns() // 10**6 - 10**6 - self._behind_seconds * 1000
        while not self._stopped:
            with suppress(OSError, websockets.ConnectionClosed, websockets.InvalidHandshake, websockets.InvalidMessage):
                async with websockets.connect(url, additional_headers=headers, close_timeout=1) as socket:
                    while not self._stopped:
                        sent = []
                        for _ in range(UNANSWERED_FRAMES):
                            values = {(sender, "m", (at_ms := at_ms + 1) * 10**6): random.random()}
                            sent.append(values)
                            await socket.send(as_json(values).decode())
                        for values in sent:
                            async with asyncio.timeout(PATIENCE_SECONDS):
                                answer = json.loads(await socket.recv())
                            if "ack" in answer:
                                acknowledged.update(values)
                            else:
                                assert answer["code"] == "not-stored", answer
                        await asyncio.sleep(self._pause_seconds)
            await asyncio.sleep(AGAIN_SECONDS)
