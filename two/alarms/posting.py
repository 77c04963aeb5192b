"""One POST, as a webhook needs it: to addresses that were checked, without redirects, over by its deadline."""

import asyncio
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from http.client import HTTPException, parse_headers
from io import BytesIO
from typing import NamedTuple

from django.utils.translation import gettext as _

from two.alarms.addresses import Target, addresses_of

CONNECT_SECONDS = 3.0  # one address; the next may answer
MAX_ADDRESSES = 3
MAX_ANSWER_BYTES = 8 * 1024
MAX_INTERIM_ANSWERS = 5
BODY_SECONDS = 1.0  # how long an answer's body may go on; nobody reads it
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Answer(NamedTuple):
    status: int
    retry_after_seconds: float | None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def __str__(self) -> str:
        try:
            words = f"HTTP {self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            words = f"HTTP {self.status}"
        return words + _(" (redirects are not followed)") if 300 <= self.status < 400 else words


async def post(target: Target, body: bytes, headers: Mapping[str, str], deadline: float) -> Answer:
    """Posts and returns the answer. `deadline`, in the loop's time, holds whatever the other side does.

    Raises:
        BadWebhook: a private address.
        OSError: no answer; TimeoutError, which is one, at the deadline.
    """
    answer: Answer | None = None
    try:
        async with asyncio.timeout_at(deadline):
            reader, writer = await _connect(target, await addresses_of(target))
            try:
                writer.write(_head(target, headers, len(body)) + body)
                await writer.drain()
                answer = await _answer(reader)
                await _read_away(reader)
            finally:
                writer.transport.abort()  # a TLS peer could draw out its farewell
    except TimeoutError:
        if answer is None:
            raise TimeoutError(_("no answer in time")) from None
    except asyncio.LimitOverrunError:
        raise ConnectionError(_("its answer is too long")) from None
    except EOFError:
        raise ConnectionError(_("it hung up without an answer")) from None
    return answer


async def _connect(target: Target, addresses: list[str]) -> Streams:
    """To the very addresses that were checked; the name counts in TLS alone."""
    failure: OSError = ConnectionError(_("no address"))
    for address in addresses[:MAX_ADDRESSES]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(
                    address,
                    target.port,
                    limit=MAX_ANSWER_BYTES,
                    ssl=_tls() if target.scheme == "https" else None,
                    server_hostname=target.host if target.scheme == "https" else None,
                )
        except ssl.SSLCertVerificationError as error:
            raise ConnectionError(_("its certificate: %(why)s") % {"why": error.verify_message}) from None
        except TimeoutError:
            failure = TimeoutError()
        except OSError as error:
            failure = error
    raise failure


@lru_cache(1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _head(target: Target, headers: Mapping[str, str], length: int) -> bytes:
    all_headers = {"Host": target.authority, **headers, "Content-Length": str(length), "Connection": "close"}
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in all_headers.items()), "", ""]
    return "\r\n".join(lines).encode("ascii")


async def _answer(reader: asyncio.StreamReader) -> Answer:
    for _interim in range(MAX_INTERIM_ANSWERS):
        head = await reader.readuntil(b"\r\n\r\n")
        first, _end, rest = head.partition(b"\r\n")
        version, _space, code = first.partition(b" ")
        if not version.startswith(b"HTTP/1.") or not code[:3].isdigit() or len(code[:3]) < 3:
            raise ConnectionError(_("it does not speak HTTP"))
        if int(code[:3]) >= 200:
            return Answer(int(code[:3]), _retry_after(rest))
    raise ConnectionError(_("it does not speak HTTP"))


def _retry_after(head: bytes) -> float | None:
    """Seconds from now; None where it says nothing that can be understood."""
    try:
        value = parse_headers(BytesIO(head)).get("Retry-After", "").strip()
        if value.isascii() and value.isdecimal():
            return float(value)
        until = parsedate_to_datetime(value)
    except (HTTPException, ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max((until - datetime.now(UTC)).total_seconds(), 0)


async def _read_away(reader: asyncio.StreamReader) -> None:
    """Lets a server say the rest of what it has begun; its answer is known."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            left = MAX_ANSWER_BYTES
            while left > 0 and (piece := await reader.read(left)):
                left -= len(piece)
    except OSError:  # TimeoutError is one
        pass
