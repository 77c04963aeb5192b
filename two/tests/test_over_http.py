import pytest

from two.simulator.http_client import Answer
from two.simulator.link import Away, NotWelcome, Rejected
from two.simulator.over_http import refusal

OURS = '{"error": {"code": "x", "detail": "Too many readings."}}'
INFLUX = '{"code": "x", "message": "Too many readings."}'


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Rejected), (401, NotWelcome), (403, NotWelcome), (404, Rejected), (413, Rejected), (429, Away), (503, Away)],
)
@pytest.mark.parametrize("body", [OURS, INFLUX])
def test_an_answer_says_whether_to_try_again(status: int, kind: type[Exception], body: str) -> None:
    found = refusal(Answer(status, {}, body))
    assert type(found) is kind
    assert str(found) == f"HTTP {status}: Too many readings."


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"error": 1}', '"text"'])
def test_a_body_of_another_shape_is_left_out(body: str) -> None:
    assert str(refusal(Answer(502, {}, body))) == "HTTP 502"


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("99999", 60), ("Sat, 21 Nov 2026", 0), ("", 0), ("²", 0)])
def test_the_server_says_when_to_come_back(header: str, seconds: float) -> None:
    found = refusal(Answer(429, {"retry-after": header}, ""))
    assert isinstance(found, Away)
    assert found.seconds == seconds
