"""The word of a time slot: the same in every process and on every host, with nothing stored or shared."""

import asyncio
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import TypedDict

from django.utils.crypto import salted_hmac
from random_word import RandomWords

from examplechannels.background import background
from examplechannels.ticker import slot_start_ms


class Word(TypedDict):
    word: str
    at: int  # Unix milliseconds, the start of its slot
    datetime: datetime  # the same, aware, in UTC


loading = Lock()


@cache
def _load() -> tuple[str, ...]:
    return tuple(RandomWords().service.valid_words)


def word_list() -> tuple[str, ...]:
    """The 370,101 English words of `random-word`. The first call reads 6.8 MB, so call it in a thread."""
    with loading:  # `cache` alone lets threads load side by side
        return _load()


@background.register
async def load_words() -> None:
    """Before the first visitor, who would wait for it."""
    await asyncio.get_running_loop().run_in_executor(None, word_list)
    await asyncio.Event().wait()


def word_at(slot: int) -> str:
    digest = salted_hmac("one.word", str(slot)).digest()
    return word_list()[int.from_bytes(digest[:8]) % len(word_list())]


def words_until(slot: int, count: int) -> list[Word]:
    """The last `count` words up to and with `slot`'s, newest first."""
    return [_word(past) for past in range(slot, slot - count, -1)]


def _word(slot: int) -> Word:
    at = slot_start_ms(slot)
    return {"word": word_at(slot), "at": at, "datetime": datetime.fromtimestamp(at / 1000, UTC)}
