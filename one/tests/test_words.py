from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from one import words
from one.words import word_at, word_list, words_until


def test_the_words_are_those_of_random_word() -> None:
    assert len(word_list()) == 370_101


def test_the_list_is_loaded_once_however_many_ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    another_begins = Event()

    class Slow:
        def __init__(self) -> None:
            loads.append(self)
            if len(loads) > 1:
                another_begins.set()
            another_begins.wait(0.2)  # nothing tells that nobody else will
            self.service = self
            self.valid_words = {"word": 1}

    monkeypatch.setattr(words, "RandomWords", Slow)
    words._load.cache_clear()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: word_list(), range(50)))
    words._load.cache_clear()
    assert len(loads) == 1


def test_a_slot_has_one_word_and_slots_differ() -> None:
    assert word_at(1) == word_at(1) in word_list()
    assert len({word_at(slot) for slot in range(100)}) > 95


def test_the_last_words_come_newest_first() -> None:
    last = words_until(500, 10)
    assert [word["at"] for word in last] == [slot * 2000 for slot in range(500, 490, -1)]
    assert last[0]["word"] == word_at(500)
