"""One HTTP/1.1 connection that is kept open, as a device's client does it. It does what the simulator needs."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

ANSWER_SECONDS = 15.0
MAX_ANSWER_BYTES = 64 * 1024
PORTS = {"http": 80, "https": 443}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]  # names in lower case
    body: str


def check_server(url: str) -> str:
    """The address without a slash at its end.

    Raises:
        ValueError: it is none of a server.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username:
        raise ValueError("is no URL such as http://127.0.0.1:8000.")
    return url.rstrip("/")


class HttpConnection:
    """To one server; `post` connects when it has to."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._host = parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._named = parts.netloc
        self._prefix = parts.path
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def is_open(self) -> bool:
        """False before the first request, and once the server has closed it."""
        return self._streams is not None and not self._streams[0].at_eof()

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises `OSError` when the server is away or says something else than HTTP."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._post(path, body, headers)
        except TimeoutError:
            self.close()
            raise TimeoutError(f"no answer within {ANSWER_SECONDS:.0f} s") from None
        except (EOFError, ValueError, asyncio.LimitOverrunError):  # EOFError: the connection ended
            self.close()
            raise ConnectionError("the connection broke") from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self._streams is None or not self.is_open:  # it may have lain idle for too long
            self.close()
            self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=MAX_ANSWER_BYTES)
        reader, writer = self._streams
        head = {"Host": self._named, "Content-Length": str(len(body)), **headers}
        lines = [f"POST {self._prefix}{path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + body)
        await writer.drain()
        return await self._answer(reader)

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(first.partition(" ")[2][:3])
        headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in rest)}
        length = int(headers.get("content-length", 0))
        if length > MAX_ANSWER_BYTES:
            raise ValueError("too long an answer")
        body = await reader.readexactly(length)
        if "transfer-encoding" in headers or headers.get("connection", "").lower() == "close":
            self.close()  # a body in chunks is of no interest
        return Answer(status, headers, body.decode(errors="replace"))
