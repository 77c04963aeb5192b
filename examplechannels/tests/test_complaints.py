import logging

import pytest

from examplechannels.complaints import LINES_PER_WINDOW, WINDOW_SECONDS, Complaints


def test_a_flood_of_mistakes_is_ten_lines_a_minute_and_their_number(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    complaints = Complaints(logging.getLogger("two.test"), clock=lambda: now)
    for number in range(1000):
        complaints.say("line %d", number)
    assert len(caplog.messages) == LINES_PER_WINDOW
    now += WINDOW_SECONDS
    complaints.say("a line later")
    assert caplog.messages[LINES_PER_WINDOW:] == ["990 more such lines were left out", "a line later"]
