from threechat.limits import BURST_FRAMES, FRAMES_PER_SECOND, FrameLimit


def test_a_burst_is_fine_then_only_the_rate() -> None:
    now = 0.0
    limit = FrameLimit(clock=lambda: now)
    assert [limit.allows() for _ in range(BURST_FRAMES + 5)] == [True] * BURST_FRAMES + [False] * 5
    assert limit.refusals == 5
    now += 1
    assert sum(limit.allows() for _ in range(100)) == FRAMES_PER_SECOND
    now += 3600
    assert limit.allows()
    assert limit.refusals == 0
