"""What is refused in front of Django is a page to a browser, in its language, and JSON to a program."""

import json
from typing import Any

import pytest

from examplechannels.doors import refusal, send_refusal

NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def answer(status: int, **headers: str) -> tuple[int, dict[bytes, bytes], str]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]}
    await send_refusal(scope, send, refusal(status, "a-code", "In a word.", {"Retry-After": "5"}))
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
