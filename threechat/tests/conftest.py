import pytest


@pytest.fixture(autouse=True)
def presence_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows changes sooner than once a second."""
    monkeypatch.setattr("threechat.presence.CHANGE_SECONDS", 0.02)
