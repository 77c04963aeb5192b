"""What is refused in front of Django is a page to a browser, in its language, and JSON to a program."""

import json
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from examplechannels import address_limits
from examplechannels.address_limits import limit_requests
from examplechannels.doors import Application, limit_body, refusal, send_refusal
from examplechannels.limits import Buckets
from examplechannels.outages import unless_away
from threechat.media import door

NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def answer(status: int, **headers: str) -> tuple[int, dict[bytes, bytes], str]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]}
    await send_refusal(scope, send, lambda: refusal(status, "a-code", "In a word.", {"Retry-After": "5"}))
    start, body = sent
    found = dict(start["headers"])
    assert int(found[b"content-length"]) == len(body["body"])
    assert found[b"retry-after"] == b"5"
    return start["status"], found, body["body"].decode()


@pytest.mark.parametrize("accept", ["", "*/*", "application/json"])
async def test_a_program_reads_json(accept: str) -> None:
    status, headers, body = await answer(429, accept=accept)
    assert (status, headers[b"content-type"]) == (429, b"application/json")
    assert json.loads(body) == {"error": {"code": "a-code", "detail": "In a word."}}


@pytest.mark.parametrize(
    ("status", "language", "says"),
    [
        (413, "en", "That was too big"),
        (429, "en-GB,en;q=0.9", "That was too fast"),
        (503, "en", "Not now"),
        (429, "zh-CN,zh;q=0.9", "请求太快"),
    ],
)
async def test_a_person_reads_a_page(status: int, language: str, says: str) -> None:
    told, headers, body = await answer(status, accept=NAVIGATION, accept_language=language)
    assert (told, headers[b"content-type"]) == (status, b"text/html; charset=utf-8")
    assert f"<h1>{says}</h1>" in body
    assert f'<html lang="{"zh-hans" if "zh" in language else "en"}">' in body


async def is_away(_scope: Any, _receive: Any, _send: Any) -> None:
    raise OperationalError("no route to host")


@pytest.mark.parametrize(
    ("application", "path", "says"),
    [
        (limit_body(is_away), "/chat/", "10 字节"),
        (limit_requests(is_away, lambda _scope: False), "/chat/", "请求太多"),
        (door.paced_uploads(is_away), "/chat/room1/media/", "文件太多"),
        (unless_away(is_away), "/chat/", "暂时无法处理"),
    ],
)
async def test_a_program_reads_in_its_language_why(
    application: Application, path: str, says: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAX_BODY_BYTES = 10
    nothing_left = Buckets(0, 1)
    monkeypatch.setattr(address_limits, "requests", nothing_left)
    monkeypatch.setattr(door, "uploads", nothing_left)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"accept", b"application/json"), (b"accept-language", b"zh-CN"), (b"content-length", b"11")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "client": ("192.0.2.1", 1)}
    await application(scope, None, send)
    assert says in json.loads(sent[1]["body"])["error"]["detail"]
