"""The few parts of RFC 6455 that a load client needs.

Client frames carry the mask 0: legal, and the payload need not be touched.
"""

import base64
import os
from collections.abc import Iterable

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
NO_MASK = bytes(4)


def handshake(host: str, path: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """The upgrade request for `path` on `host` (with its port)."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def client_frame(opcode: int, payload: bytes) -> bytes:
    """One final frame as a client sends it."""
    size = len(payload)
    if size < 126:
        head = bytes([0x80 | opcode, 0x80 | size])
    elif size < 1 << 16:
        head = bytes([0x80 | opcode, 0x80 | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, 0x80 | 127]) + size.to_bytes(8, "big")
    return head + NO_MASK + payload


def text_frame(text: str) -> bytes:
    return client_frame(TEXT, text.encode())


def take_frame(data: bytes) -> tuple[int, bytes, int] | None:
    """First frame in `data`: opcode, payload, bytes used; None while incomplete."""
    if len(data) < 2:
        return None
    size, start = data[1] & 0x7F, 2
    if size == 126:
        size, start = int.from_bytes(data[2:4], "big"), 4
    elif size == 127:
        size, start = int.from_bytes(data[2:10], "big"), 10
    if len(data) < start + size:
        return None
    return data[0] & 0xF, data[start : start + size], start + size
