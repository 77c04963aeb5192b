import pytest

from examplechannels.management.commands.runserver import OutspokenProtocol
from tests.servers import Server, new_folder, running


@pytest.mark.parametrize(("code", "sent"), [(None, 1000), (1012, 1012), (1013, 1013), (4403, 4403)])
def test_daphne_closes_with_the_code_that_the_program_says(
    monkeypatch: pytest.MonkeyPatch, code: int | None, sent: int
) -> None:
    frames: list[int] = []
    monkeypatch.setattr(OutspokenProtocol, "sendCloseFrame", lambda self, code: frames.append(code))
    OutspokenProtocol().serverClose(code)
    assert frames == [sent]


@pytest.mark.server
def test_make_run_serves_from_an_empty_folder() -> None:
    server = Server("make run", new_folder())
    with running(server):
        assert server.wait_until_ready().status("/two/") == 200
        assert "unapplied migration" not in server.output
