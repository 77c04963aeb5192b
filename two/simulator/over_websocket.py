"""Devices that hold an ingest socket."""

import asyncio
import json
from collections.abc import Sequence

import websockets

from two.simulator.link import Away, Message, NotWelcome, Rejected, envelope, reason_of

ANSWER_SECONDS = 15.0
LOG_IN = 4401
UNKNOWN_TOKEN = {"bad-token", "no-token", "view-token"}
LATER = {"not-stored", "too-fast", "too-many-guesses"}


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
        except (OSError, ValueError, websockets.WebSocketException) as error:  # ValueError: no JSON
            await self.close()
            if isinstance(error, websockets.ConnectionClosed) and error.rcvd and error.rcvd.code == LOG_IN:
                raise NotWelcome("the server does not know the token") from None
            raise Away(reason_of(error)) from None
        if "ack" not in answer:
            kind = {**dict.fromkeys(UNKNOWN_TOKEN, NotWelcome), **dict.fromkeys(LATER, Away)}
            raise kind.get(answer.get("code"), Rejected)(answer.get("detail", "an error without a detail"))

    async def close(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()
