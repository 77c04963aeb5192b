from two.simulator.tally import Tally


def test_the_line_tells_sent_acknowledged_rate_errors_and_latency() -> None:
    now = 100.0
    tally = Tally(clock=lambda: now)
    tally.sent = 2_000
    for latency in range(1, 101):
        tally.acknowledge(15, latency / 1000)
    tally.fail("Connection refused")
    now += 5
    assert tally.progress() == (
        "5 s  sent 2,000  acknowledged 1,500  300/s  errors 1  p95 96 ms  (Connection refused; trying again)"
    )
    now += 5
    assert "  0/s  " in tally.progress()
    assert "  150/s  " in tally.summary()
    tally.acknowledge(1, 0.001)
    assert "again" not in tally.progress()


def test_before_the_first_answer_there_is_no_latency() -> None:
    assert Tally().summary().endswith("p95 -")
