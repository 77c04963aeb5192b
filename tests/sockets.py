"""WebSockets to the whole router, without a server."""

from typing import Any

from channels.testing import WebsocketCommunicator

from examplechannels.asgi import application

HOST = "localhost:8000"


def socket(path: str, origin: str | None = None, host: str = HOST, cookie: str = "", address: str = "") -> Any:
    """A client that has not connected yet; `origin=None` is a script, `address=""` one behind a Unix socket."""
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    if cookie:
        headers.append((b"cookie", cookie.encode()))
    client: Any = WebsocketCommunicator(application, path, headers=headers)
    if address:
        client.scope["client"] = (address, 1)
    return client


async def opened(path: str, **kwargs: Any) -> Any:
    """A client that was let in."""
    client = socket(path, **kwargs)
    connected, _ = await client.connect(timeout=5)
    assert connected, path
    return client
