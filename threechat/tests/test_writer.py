import asyncio
import threading

import pytest
from django.db import DatabaseError, InterfaceError

from threechat.writer import NotStored, writer


@pytest.mark.parametrize("failure", [DatabaseError, InterfaceError])
async def test_whatever_way_the_database_fails_the_sender_is_told_to_send_again(failure: type[Exception]) -> None:
    def act() -> None:
        raise failure("the connection is closed")

    with pytest.raises(NotStored):
        await writer.write(act)
    assert await writer.write(lambda: "stored") == "stored"


async def test_who_waits_for_a_database_that_hangs_is_told_and_what_had_not_begun_is_not_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers_again, done = threading.Event(), []
    with monkeypatch.context() as impatient:
        impatient.setattr("threechat.writer.WRITE_SECONDS", 0.2)
        hanging = asyncio.ensure_future(writer.write(lambda: answers_again.wait(10)))
        behind = asyncio.ensure_future(writer.write(lambda: done.append("behind")))
        try:
            for waiting in (hanging, behind):
                with pytest.raises(NotStored):
                    await asyncio.wait_for(waiting, 5)
        finally:
            answers_again.set()
    assert await writer.write(lambda: "stored") == "stored"
    assert done == []
