from one.words import word_at, word_list, words_until


def test_the_words_are_those_of_random_word() -> None:
    assert len(word_list()) == 370_101


def test_a_slot_has_one_word_and_slots_differ() -> None:
    assert word_at(1) == word_at(1) in word_list()
    assert len({word_at(slot) for slot in range(100)}) > 95


def test_the_last_words_come_newest_first() -> None:
    words = words_until(500, 10)
    assert [word["at"] for word in words] == [slot * 2000 for slot in range(500, 490, -1)]
    assert words[0]["word"] == word_at(500)
