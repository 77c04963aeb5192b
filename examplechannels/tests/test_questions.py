import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection

from examplechannels.questions import MAX_WAITING, THREADS, SharedQuestion, ask, ask_for_alarms

pytestmark = pytest.mark.django_db(transaction=True)


def one() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        [answer] = cursor.fetchone()
        return int(answer)


async def test_the_database_is_asked_in_another_thread() -> None:
    assert await ask(one) == 1
    assert await ask(threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await ask(lambda: 1 // 0)


async def test_what_is_urgent_and_what_alarms_ask_waits_for_no_visitor_and_not_for_each_other() -> None:
    visitors_go, alarms_go = threading.Event(), threading.Event()
    visitors = [asyncio.ensure_future(ask(lambda: visitors_go.wait(10))) for _ in range(2 * THREADS)]
    alarms = asyncio.ensure_future(ask_for_alarms(lambda: alarms_go.wait(10)))
    try:
        async with asyncio.timeout(5):
            assert await ask(one, urgent=True) == 1
            alarms_go.set()
            assert await alarms
    finally:
        visitors_go.set()
        assert all(await asyncio.gather(*visitors))


async def test_many_who_ask_at_once_cost_two_questions_and_none_gets_an_old_answer(nothing_left: None) -> None:
    asked: list[float] = []

    def question() -> float:
        asked.append(time.monotonic())
        return asked[-1]

    shared = SharedQuestion(question)

    async def answer_is_new() -> bool:
        before = time.monotonic()
        return await shared.ask() >= before

    assert all(await asyncio.gather(*(answer_is_new() for _ in range(50))))
    assert len(asked) == 1
    first = asyncio.ensure_future(shared.ask())
    while len(asked) < 2:
        await asyncio.sleep(0)
    assert all(await asyncio.gather(*(answer_is_new() for _ in range(50))))
    await first
    assert len(asked) <= 3


async def test_a_failed_question_fails_who_asked_and_not_the_next(nothing_left: None) -> None:
    answers: Iterator[Exception | int] = iter([ZeroDivisionError(), 5])

    def question() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    shared = SharedQuestion(question)
    with pytest.raises(ZeroDivisionError):
        await shared.ask()
    assert await shared.ask() == 5


async def test_who_gives_up_takes_nobody_along(nothing_left: None) -> None:
    shared = SharedQuestion(one)
    askers = [asyncio.ensure_future(shared.ask()) for _ in range(4)]
    await asyncio.sleep(0)
    askers[0].cancel()
    assert await asyncio.gather(*askers[1:]) == [1, 1, 1]


async def test_nobody_waits_long_for_a_database_that_hangs_and_what_waits_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers_again, asked = threading.Event(), list[int]()
    monkeypatch.setattr("examplechannels.questions.URGENT_SECONDS", 0.2)
    before = threading.active_count()
    questions: list[Any] = [ask(lambda: answers_again.wait(10), urgent=True)]
    questions += [ask(lambda: asked.append(1), urgent=True) for _ in range(MAX_WAITING + 10)]
    try:
        async with asyncio.timeout(5):
            answers = await asyncio.gather(*questions, return_exceptions=True)
        assert all(isinstance(answer, OperationalError) for answer in answers)
        assert [str(answer) for answer in answers].count("too many questions wait for the database") == 11
        assert threading.active_count() <= before + 1
    finally:
        answers_again.set()
    async with asyncio.timeout(5):
        while True:
            try:
                assert await ask(one, urgent=True) == 1
                break
            except OperationalError:
                await asyncio.sleep(0.01)
    assert asked == []  # what nobody waited for any more was left out
