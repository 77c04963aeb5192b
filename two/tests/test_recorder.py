import asyncio
import threading
import time
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from tests.tables import awithout_table
from two.catalogue import MAX_METRICS
from two.live import Recorded
from two.models import Device, Metric, Reading
from two.recorder import MAX_WAITING_READINGS, NotStored, Recorder
from two.samples import BadReading, Sample
from two.storage import store

pytestmark = pytest.mark.django_db(transaction=True)
NOW_NS = time.time_ns()


class Published:
    def __init__(self) -> None:
        self.groups: list[list[Recorded]] = []
        self.more_came: list[bool] = []
        self.doubtful: list[str] = []

    def __call__(self, readings: Sequence[Recorded], more_comes: bool) -> None:
        self.groups.append(list(readings))
        self.more_came.append(more_comes)

    def look_again(self, devices: Collection[str]) -> None:
        self.doubtful += sorted(devices)


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
async def recorder(
    published: Published, nothing_left: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Recorder]:
    monkeypatch.setattr("two.recorder.CLOSE_SECONDS", 60)  # 200,000 readings on a busy machine
    recorder = Recorder(published, tell=lambda _alarms: None, look_again=published.look_again)
    yield recorder
    await recorder.close()


def sample(value: float = 1.0, device: str = "boiler", metric: str = "t", at_ns: int | None = None) -> Sample:
    return Sample(device, metric, at_ns, value)


@sync_to_async
def values() -> list[float]:
    return sorted(Reading.objects.values_list("value", flat=True))


@sync_to_async
def names() -> list[tuple[str, str]]:
    return sorted(Metric.objects.values_list("device__slug", "name"))


async def test_what_is_recorded_is_committed_when_record_returns(recorder: Recorder, published: Published) -> None:
    await recorder.record([sample(1.5, at_ns=NOW_NS), sample(2.5, device="Oven 2", metric="power")])
    assert await values() == [1.5, 2.5]
    assert await names() == [("boiler", "t"), ("oven-2", "power")]
    [[first, second]] = published.groups
    assert (first.metric.device, first.metric.name, first.at_ns, first.value) == ("boiler", "t", NOW_NS, 1.5)
    assert (second.metric.device, second.metric.unit) == ("oven-2", "W")


async def test_who_comes_together_is_committed_together(recorder: Recorder, published: Published) -> None:
    await asyncio.gather(*(recorder.record([sample(float(number))]) for number in range(50)))
    assert await values() == [float(number) for number in range(50)]
    assert published.more_came in ([False], [True, False])  # the first alone perhaps, the rest while that was committed


async def test_who_shows_readings_hears_that_more_come_at_once(
    recorder: Recorder, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    second: list[asyncio.Future[None]] = []

    def storing(*values: Any) -> Any:
        if not published.more_came and not second:
            loop.call_soon_threadsafe(lambda: second.append(recorder.submit([sample(2)])))
        return store(*values)

    monkeypatch.setattr("two.commits.store", storing)
    await recorder.record([sample(1)])
    await second[0]
    assert published.more_came == [True, False]


async def test_readings_without_a_time_never_collide(recorder: Recorder) -> None:
    await recorder.record([sample(1), sample(2), sample(3, metric="u")])
    await asyncio.gather(*(recorder.record([sample(4), sample(5)]) for _ in range(20)))
    assert len(await values()) == 43


async def test_the_metrics_of_one_request_share_the_time(recorder: Recorder, published: Published) -> None:
    await recorder.record([sample(1), sample(2, metric="u")])
    [[first, second]] = published.groups
    assert first.at_ns == second.at_ns


async def test_a_resend_is_stored_and_published_once(recorder: Recorder, published: Published) -> None:
    await recorder.record([sample(1, at_ns=NOW_NS)])
    await recorder.record([sample(1, at_ns=NOW_NS), sample(9, at_ns=NOW_NS)])
    assert await values() == [1.0]
    assert len(published.groups) == 1


async def test_a_refused_request_takes_nobody_along_and_leaves_nothing(recorder: Recorder) -> None:
    too_many = [sample(device="new", metric=f"m{number}") for number in range(MAX_METRICS + 1)]
    outcomes = await asyncio.gather(
        recorder.record([sample(1)]), recorder.record(too_many), recorder.record([sample(2)]), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), BadReading, type(None)]
    assert await values() == [1.0, 2.0]
    assert await names() == [("boiler", "t")]


async def test_ten_thousand_metrics_of_a_device_are_refused_whole(recorder: Recorder) -> None:
    await recorder.record([sample(metric=f"m{number}") for number in range(MAX_METRICS)])
    with pytest.raises(BadReading) as caught:
        await recorder.record([sample(metric=f"n{number}") for number in range(10_000)])
    assert caught.value.code == "too-many-metrics"
    assert len(await values()) == MAX_METRICS


async def test_a_client_that_hangs_up_changes_nothing_for_the_others(recorder: Recorder) -> None:
    clients = [asyncio.ensure_future(recorder.record([sample(float(number))])) for number in range(10)]
    await asyncio.sleep(0)
    for client in clients[::2]:
        client.cancel()
    outcomes = await asyncio.gather(*clients, return_exceptions=True)
    assert outcomes[1::2] == [None] * 5
    assert await values() == [float(number) for number in range(10)]  # theirs is stored all the same


async def test_a_device_that_was_deleted_is_there_again_with_its_next_reading(recorder: Recorder) -> None:
    await recorder.record([sample(1)])
    await sync_to_async(Device.objects.all().delete)()
    await asyncio.gather(recorder.record([sample(2)]), recorder.record([sample(3, device="oven")]))
    assert await values() == [2.0, 3.0]


async def test_a_failed_commit_fails_its_requests_and_no_other(recorder: Recorder) -> None:
    await recorder.record([sample(1)])
    async with awithout_table("two_reading"):
        outcomes = await asyncio.gather(*(recorder.record([sample(2)]) for _ in range(3)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [NotStored] * 3
    await recorder.record([sample(3)])
    assert await values() == [1.0, 3.0]


async def test_what_waits_is_bounded(recorder: Recorder) -> None:
    waiting = [recorder.submit([sample()] * 10_000) for _ in range(MAX_WAITING_READINGS // 10_000 + 1)]
    with pytest.raises(NotStored):
        await waiting[-1]
    await waiting[0]


async def test_close_commits_what_waits(recorder: Recorder) -> None:
    waiting = [recorder.submit([sample(float(number))]) for number in range(3)]
    await recorder.close()
    assert all(done.done() for done in waiting)
    assert await values() == [0.0, 1.0, 2.0]
    await recorder.record([sample(3)])  # and it goes on after that


async def test_who_may_not_create_devices_is_told_when_its_device_is_gone(recorder: Recorder) -> None:
    await recorder.record([sample(1)])
    await recorder.record([sample(2, metric="new")], may_create_devices=False)
    await sync_to_async(Device.objects.all().delete)()
    with pytest.raises(BadReading) as caught:
        await recorder.record([sample(3)], may_create_devices=False)
    assert (caught.value.code, caught.value.status) == ("no-such-device", 401)
    assert await names() == []


async def test_a_clock_that_was_set_back_is_believed(
    recorder: Recorder, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns()
    for clock_ns in (now, now + 86_400 * 10**9, now + 10**6):
        monkeypatch.setattr("two.stamps.time.time_ns", lambda clock_ns=clock_ns: clock_ns)
        await recorder.record([sample(1)])
    assert [group[0].at_ns for group in published.groups] == [now, now + 86_400 * 10**9, now + 10**6]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="a connection that can be lost")
async def test_a_connection_that_was_lost_meanwhile_is_replaced(recorder: Recorder) -> None:
    await recorder.record([sample(1)])

    @sync_to_async
    def lose() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    await lose()
    await recorder.record([sample(2)])
    assert await values() == [1.0, 2.0]


async def test_while_a_commit_hangs_nobody_waits_for_it_and_afterwards_all_goes_on(
    recorder: Recorder, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, answers_again = threading.Event(), threading.Event()

    def hang(_new: object) -> list[Any]:
        hangs.set()
        answers_again.wait(10)
        return []

    monkeypatch.setattr("two.recorder.COMMIT_SECONDS", 0.2)
    monkeypatch.setattr("two.commits.evaluate", hang)
    hanging = [asyncio.ensure_future(recorder.record([sample(1.0, at_ns=NOW_NS)]))]
    assert await asyncio.to_thread(hangs.wait, 10)
    hanging.append(asyncio.ensure_future(recorder.record([sample(2.0, at_ns=NOW_NS + 1)])))
    try:
        async with asyncio.timeout(5):
            for waiting in hanging:
                with pytest.raises(NotStored):
                    await waiting
            with pytest.raises(NotStored):
                await recorder.record([sample(3.0, at_ns=NOW_NS + 2)])
    finally:
        answers_again.set()
    async with asyncio.timeout(5):
        while not published.groups:
            await asyncio.sleep(0.01)
    await recorder.record([sample(4.0, at_ns=NOW_NS + 3)])
    assert await values() == [1.0, 4.0]  # what was being committed came through; what was refused was not kept


@pytest.mark.parametrize("failing", ["publish", "initializer"])
async def test_what_fails_fails_no_later_request_and_leaves_nobody_waiting(
    recorder: Recorder, published: Published, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as broken:
        if failing == "publish":
            broken.setattr(recorder, "_publish", fail)
        else:
            broken.setattr("two.recorder.keep_own_connection", fail)
        async with asyncio.timeout(5):
            waiting = [recorder.submit([sample(1.0)])]
            await asyncio.sleep(0)
            waiting.append(recorder.submit([sample(2.0)]))
            outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    expected = type(None) if failing == "publish" else NotStored
    assert [type(outcome) for outcome in outcomes] == [expected] * 2
    async with asyncio.timeout(5):
        await recorder.record([sample(3.0)])
    assert await values() == ([1.0, 2.0, 3.0] if failing == "publish" else [3.0])
