"""What /metrics tells of tasks and groups, for who looks whether they pile up."""

import asyncio

from examplechannels import metrics
from examplechannels.broadcast import Broadcast, local_group
from examplechannels.metrics import REGISTRY
from examplechannels.outlet import SendFrame


class Viewer:
    def deliver(self, message: SendFrame) -> None: ...

    def catch_up(self) -> None: ...


def value(name: str) -> float:
    return REGISTRY.get_sample_value(f"examplechannels_{name}") or 0.0


async def test_a_group_counts_while_somebody_watches_it() -> None:
    broadcast, one, other = Broadcast(), Viewer(), Viewer()
    here = local_group("here")
    for viewer in (one, other):
        await broadcast.group_add(here, viewer)
    await broadcast.group_add("everywhere", one)
    assert (value("groups"), value("layer_groups")) == (2, 1)
    for viewer in (one, other):
        await broadcast.group_discard(here, viewer)
    await broadcast.group_discard("everywhere", one)
    assert (value("groups"), value("layer_groups")) == (0, 0)


async def test_tasks_are_counted() -> None:
    watching = asyncio.create_task(metrics.watch_event_loop())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert value("asyncio_tasks") == len(asyncio.all_tasks()) > 1
    watching.cancel()
    await asyncio.wait([watching])
