import sys

import pytest
import websockets

from examplechannels.management.commands.runserver import DaphneProtocol
from tests.servers import START_SECONDS, Process, Server, free_port, new_folder, running, wait_until


@pytest.mark.parametrize(("code", "sent"), [(None, 1000), (1012, 1012), (1013, 1013), (4403, 4403)])
def test_daphne_closes_with_the_code_that_the_program_says(
    monkeypatch: pytest.MonkeyPatch, code: int | None, sent: int
) -> None:
    frames: list[int] = []
    monkeypatch.setattr(DaphneProtocol, "sendCloseFrame", lambda self, code: frames.append(code))
    DaphneProtocol().serverClose(code)
    assert frames == [sent]


@pytest.mark.server
def test_make_run_serves_from_an_empty_folder() -> None:
    server = Server("make run", new_folder())
    with running(server):
        assert server.wait_until_ready().status("/two/") == 200
        assert "unapplied migration" not in server.output


@pytest.mark.server
async def test_daphne_writes_what_was_framed_once_in_order_and_not_before_the_handshake() -> None:
    port = free_port()
    server = Process([sys.executable, "-m", "examplechannels.tests.daphne", str(port)], {}, new_folder() / "log")
    with running(server):
        wait_until(lambda: "listening" in server.output, START_SECONDS, "Daphne does not listen")
        async with websockets.connect(f"ws://127.0.0.1:{port}/") as client:
            assert [await client.recv() for _ in range(3)] == ["sent", "written", "early: False, then: True"]
