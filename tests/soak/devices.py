"""Devices that send 200 readings a second in three ways, and one whose alarm comes and goes."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import websockets

from bench.http import Connection, request_bytes
from tests.ledger import Key
from tests.servers import Server

METRICS = 5
POSTING, POST_SECONDS, POST_READINGS = 4, 0.5, 10  # 80/s as JSON
LINING, LINES_SECONDS, LINES = 2, 1.0, 20  # 40/s as line protocol
STREAMING, FRAME_SECONDS = 4, 0.05  # 80/s, each a frame
PER_SECOND = POSTING * POST_READINGS / POST_SECONDS + LINING * LINES / LINES_SECONDS + STREAMING / FRAME_SECONDS
STREAM_SECONDS = (5.0, 40.0)
ACK_SECONDS = 10.0
ALARM_SECONDS = 5.0  # fewer than 20 a minute: a rule speaks once a minute, and of more the oldest are forgotten
ALARM_DEVICE, ALARM_METRIC, THRESHOLD = "boiler", "pressure", 50.0
MAKE_RULE = f"""
from two.models import Device, Metric, Rule
device = Device.objects.create(slug="{ALARM_DEVICE}", name="{ALARM_DEVICE}")
metric = Metric.objects.create(device=device, name="{ALARM_METRIC}")
Rule.objects.create(metric=metric, kind="above", threshold={THRESHOLD})
"""
ALARMS = "SELECT count(*), sum(CASE WHEN cleared_ns IS NULL THEN 1 ELSE 0 END) FROM two_alarm"

Values = dict[Key, float]


class Devices:
    """`acknowledged` is what they were told is stored; `complaints` what should not have happened."""

    def __init__(self, servers: Sequence[Server], token: str) -> None:
        self._servers, self._token = servers, token
        self.sent: Values = {}
        self.acknowledged: Values = {}
        self.complaints: list[str] = []
        self.alarms = self.unanswered = 0
        self._stopping = False
        self._last_ms = 0
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        work = [self._post(f"http-{n}") for n in range(POSTING)]
        work += [self._lines(f"line-{n}") for n in range(LINING)]
        work += [self._stream(f"socket-{n}") for n in range(STREAMING)]
        self._tasks = [asyncio.create_task(one) for one in (*work, self._alarm())]

    async def end(self) -> None:
        """Returns when all is acknowledged that will be."""
        self._stopping = True
        await asyncio.gather(*self._tasks)

    def lost(self, stored: Values) -> int:
        return sum(stored.get(key) != value for key, value in self.acknowledged.items())

    def invented(self, stored: Values) -> int:
        return sum(self.sent.get(key) != value for key, value in stored.items())

    def _values(self, device: str, count: int) -> Values:
        """With times of their own, for a millisecond may hold one of a metric."""
        self._last_ms = max(self._last_ms + 1, time.time_ns() // 10**6)
        places = [(f"m{n % METRICS}", self._last_ms + n // METRICS) for n in range(count)]
        found = {(device, metric, ms * 10**6): random.random() for metric, ms in places}
        self._last_ms = places[-1][1]
        self.sent |= found
        return found

    async def _each(self, seconds: float) -> AsyncIterator[None]:
        """Steps `seconds` apart until the end; late ones are made up for."""
        due = time.monotonic()
        while not self._stopping:
            yield
            due += seconds
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _post(self, device: str) -> None:
        async for _ in self._each(POST_SECONDS):
            values = self._values(device, POST_READINGS)
            await self._ask("/two/readings/", json.dumps([as_json(*item) for item in values.items()]), values)

    async def _lines(self, device: str) -> None:
        async for _ in self._each(LINES_SECONDS):
            values = self._values(device, LINES)
            lines = (f"{device} {metric}={value!r} {at}" for (_, metric, at), value in values.items())
            await self._ask("/api/v2/write", "\n".join(lines), values)

    async def _alarm(self) -> None:
        """Raised, then cleared."""
        high = False
        while not self._stopping or high:
            high = not high
            key = (ALARM_DEVICE, ALARM_METRIC, time.time_ns() // 10**6 * 10**6)
            values = {key: THRESHOLD + (10 if high else -10)}
            self.sent |= values
            await self._ask("/two/readings/", json.dumps(as_json(key, values[key])), values)
            self.alarms += high
            await asyncio.sleep(0.1 if self._stopping else ALARM_SECONDS / 2)

    async def _ask(self, path: str, body: str, values: Values) -> None:
        server = random.choice(self._servers)
        try:
            async with asyncio.timeout(ACK_SECONDS):
                connection = await Connection.open(server)
                try:
                    answer = await connection.ask(request_bytes(server, "POST", path, body.encode(), self._token))
                finally:
                    connection.close()
        except (OSError, TimeoutError):
            self.unanswered += 1  # it may be stored or not
            return
        if answer.status == 204:
            self.acknowledged |= values
        else:
            self.complaints.append(f"{path}: {answer}")

    async def _stream(self, device: str) -> None:
        while not self._stopping:
            server = random.choice(self._servers)
            headers = {"Authorization": f"Bearer {self._token}"}
            with suppress(OSError, TimeoutError, websockets.WebSocketException):
                async with websockets.connect(f"{server.ws}/ws/two/ingest/", additional_headers=headers) as socket:
                    async with asyncio.timeout(random.uniform(*STREAM_SECONDS)):
                        await self._send_frames(socket, device)

    async def _send_frames(self, socket: websockets.ClientConnection, device: str) -> None:
        """What has no acknowledgement when the time is over may be stored or not."""
        async for _ in self._each(FRAME_SECONDS):
            [(key, value)] = self._values(device, 1).items()
            await socket.send(json.dumps(as_json(key, value)))
            answer = json.loads(await socket.recv())
            if "ack" in answer:
                self.acknowledged[key] = value
            else:
                self.complaints.append(f"{device}: {answer}")


def as_json(key: Key, value: float) -> dict[str, object]:
    device, metric, at_ns = key
    return {"device": device, "ts": at_ns // 10**6, "values": {metric: value}}
