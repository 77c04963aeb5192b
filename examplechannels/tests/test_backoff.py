from examplechannels.backoff import FIRST_SECONDS, Backoff


def test_pauses_grow_to_a_bound_and_start_anew_after_a_success() -> None:
    backoff = Backoff(30)
    pauses = [backoff.seconds() for _ in range(20)]
    assert FIRST_SECONDS / 2 <= pauses[0] <= FIRST_SECONDS
    assert all(15 <= pause <= 30 for pause in pauses[10:])
    assert len(set(pauses[10:])) > 1
    backoff.reset()
    assert backoff.seconds() <= FIRST_SECONDS
