"""Finds the links in a text. static/js/models/links.js does the same in the page."""

import re
from collections.abc import Iterator

URL = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
TRAILING = ".,:;!?)]}"


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The text cut into what is a URL (True) and what is not; together they are the text."""
    end = 0
    for found in URL.finditer(text):
        url = _without_trailing(found[0])
        if len(url) <= len("https://"):
            continue
        if found.start() > end:
            yield text[end : found.start()], False
        yield url, True
        end = found.start() + len(url)
    if end < len(text):
        yield text[end:], False


def _without_trailing(url: str) -> str:
    """Punctuation after a link belongs to the sentence, but a bracket that the link opened is its own."""
    while url and url[-1] in TRAILING:
        if url[-1] == ")" and url.count("(") >= url.count(")"):
            break
        url = url[:-1]
    return url
