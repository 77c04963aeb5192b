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
