import asyncio

import pytest

from tests.servers import free_port
from two.simulator import fleet
from two.simulator.fleet import MAX_BEHIND, GaveUp, Pace, Plan, Sender
from two.simulator.link import Message, envelope
from two.simulator.over_http import HttpLink, line
from two.simulator.signals import is_silent, kind_of
from two.simulator.tally import Tally

PLAN = Plan(rate=30, seed=0, seconds=None)
START_MS = next(at for at in range(1_795_000_000_000, 1_796_000_000_000, 1000) if not is_silent("boiler", at / 1000))


def test_all_metrics_are_measured_at_once_so_often_that_readings_come_at_the_rate() -> None:
    tally = Tally()
    pace = Pace("boiler", PLAN, START_MS)
    messages = [message for step in range(0, 1001, 100) for message in pace.due(START_MS + step, tally)]
    assert {message.device for message in messages} == {"boiler"}
    assert [message.at_ms for message in messages] == [START_MS + number * 100 for number in range(11)]
    assert all(len(message.values) == len(kind_of("boiler").signals) == 3 for message in messages)
    assert tally.left_out == 0


def test_a_device_that_is_not_heard_keeps_the_latest_and_counts_the_rest() -> None:
    tally = Tally()
    pace = Pace("boiler", PLAN, START_MS)
    messages = list(pace.due(START_MS + 3_600_000, tally))
    assert 0 < len(messages) <= MAX_BEHIND + 1
    assert messages[-1].at_ms > START_MS + 3_599_000
    assert tally.left_out == 3 * (36_001 - MAX_BEHIND - 1)


def test_a_message_in_json_and_in_line_protocol() -> None:
    message = Message("boiler", 1_795_000_000_000, {"temperature": 21.5, "return.temperature": 20.0})
    assert envelope(message) == {"device": "boiler", "ts": message.at_ms, "values": message.values}
    assert line(message) == "boiler temperature=21.5,return.temperature=20.0 1795000000000"


async def test_it_gives_up_on_a_server_that_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "GIVE_UP_SECONDS", 0.1)
    tally = Tally()
    sender = Sender(HttpLink(f"http://127.0.0.1:{free_port()}", "token"), ["boiler"], PLAN, tally, share=0)
    with pytest.raises(GaveUp, match="Connection refused"):
        await sender.run(asyncio.Event())
    assert tally.errors > 0
    assert tally.acknowledged == 0
