import asyncio
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from examplechannels.broadcast import broadcast
from examplechannels.outlet import SendFrame, frame
from threechat.people import Person
from threechat.presence import Presence, presence_group
from threechat.rooms import room_named

ROOM = room_named("lobby")
ANNA = Person("p1", "anna", guest=False)
OTHERS = {
    "process": "other",
    "newcomer": False,
    "rooms": {ROOM.key: {"name": "lobby", "people": {"p2": "bob"}, "more": 0}},
}


class Viewer:
    def __init__(self) -> None:
        self.counts: asyncio.Queue[int] = asyncio.Queue()

    def deliver(self, message: SendFrame) -> None:
        self.counts.put_nowait(json.loads(message["text"])["count"])

    def catch_up(self) -> None: ...


@pytest.mark.usefixtures("nothing_left")
async def test_a_process_that_died_is_forgotten_when_its_time_is_up_not_with_the_next_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("threechat.presence.REPORT_SECONDS", 60.0)
    monkeypatch.setattr("threechat.roster.FORGET_SECONDS", 1.0)
    here, viewer = Presence(broadcast), Viewer()
    await broadcast.group_add(presence_group(ROOM), viewer)
    here.watch()
    here.enter(ROOM, "tab", ANNA)
    here.deliver(frame(json.dumps(OTHERS)))
    assert [await asyncio.wait_for(viewer.counts.get(), 5) for _ in range(2)] == [2, 1]
    here.leave(ROOM, "tab")
    here.unwatch()
    await broadcast.group_discard(presence_group(ROOM), viewer)


def test_pages_ask_who_is_there_while_other_processes_report() -> None:
    here = Presence(broadcast)
    reported = threading.Event()

    def ask() -> None:
        while not reported.is_set():
            here.frame(ROOM)
            here.attendances()

    switch_seconds = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(1) as pages:
            asked = pages.submit(ask)
            try:
                for number in range(500):
                    here.deliver(frame(json.dumps(OTHERS | {"process": str(number)})))
            finally:
                reported.set()
            asked.result()
    finally:
        sys.setswitchinterval(switch_seconds)
    assert here.frame(ROOM)["count"] == 1
