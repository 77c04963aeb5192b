from collections.abc import Iterator

import pytest

from examplechannels.questions import close_connections
from threechat.limits import addresses, new_rooms, people
from threechat.media.door import uploads
from threechat.writer import writer


@pytest.fixture(autouse=True)
def presence_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows changes sooner than once a second."""
    monkeypatch.setattr("threechat.presence.CHANGE_SECONDS", 0.02)
    monkeypatch.setattr("threechat.directory.LOOK_SECONDS", 0.05)


@pytest.fixture(autouse=True)
def nobody_was_here_before() -> Iterator[None]:
    for buckets in (people, addresses, new_rooms, uploads):
        buckets.forget()
    yield
    writer.close_connection()
    close_connections()
