"""WebSockets to the whole router, without a server."""

from typing import Any

from channels.testing import WebsocketCommunicator

from examplechannels.asgi import application

HOST = "localhost:8000"
PATIENCE_SECONDS = 10


class Communicator(WebsocketCommunicator):
    """Waits for a busy machine too: after a second Channels' own gives up, and cancels what has not left yet."""

    async def connect(self, timeout: float = PATIENCE_SECONDS) -> Any:
        return await super().connect(timeout)

    async def receive_output(self, timeout: float = PATIENCE_SECONDS) -> Any:
        return await super().receive_output(timeout)

    async def receive_from(self, timeout: float = PATIENCE_SECONDS) -> Any:
        return await super().receive_from(timeout)

    async def receive_json_from(self, timeout: float = PATIENCE_SECONDS) -> Any:
        return await super().receive_json_from(timeout)

    async def disconnect(self, code: int = 1000, timeout: float = PATIENCE_SECONDS) -> None:
        await super().disconnect(code, timeout)

    async def wait(self, timeout: float = PATIENCE_SECONDS) -> None:
        await super().wait(timeout)


def socket(path: str, origin: str | None = None, host: str = HOST, cookie: str = "", address: str = "") -> Any:
    """A client that has not connected yet; `origin=None` is a script, `address=""` one behind a Unix socket."""
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    if cookie:
        headers.append((b"cookie", cookie.encode()))
    client: Any = Communicator(application, path, headers=headers)
    if address:
        client.scope["client"] = (address, 1)
    return client


async def opened(path: str, **kwargs: Any) -> Any:
    """A client that was let in."""
    client = socket(path, **kwargs)
    connected, _ = await client.connect(timeout=5)
    assert connected, path
    return client


async def next_of(client: Any, kind: str) -> Any:
    """The next frame of a type; others are passed over."""
    while (frame := await client.receive_json_from(timeout=5))["type"] != kind:
        pass
    return frame
