"""A hundred devices that send at the same moment, each on a socket of its own, and 500 viewers of all of them."""

import asyncio
import json

from ..frames import text_frame
from ..ingest import Acks, open_socket
from ..lineup import Lineup
from ..load import Crowd
from ..measures import Outcome, Row
from ..seed import Plan
from ..servers import running

DEVICES, VIEWERS, TICKS = 100, 500, 20
SETTLE_SECONDS = 1.0
VIEWER_PATH = "/ws/two/?device=*"


async def run(lineup: Lineup, quick: bool) -> Outcome:
    site = lineup.site("tick", Plan(DEVICES, ("temperature",)))
    acks = Acks()
    each: list[float] = []
    with running(lineup.of_site(site)) as server:
        sockets = [await open_socket(server, acks, token) for token in site.seeded.device_tokens]
        crowd = Crowd(server, VIEWER_PATH)
        await crowd.open(VIEWERS)
        for tick in range(1 + TICKS):
            before = shown(crowd)
            frame = text_frame(json.dumps({"temperature": tick}))
            for socket in sockets:
                socket.transport.write(frame)
            await acks.until((tick + 1) * DEVICES)
            await asyncio.sleep(SETTLE_SECONDS)
            each.append((shown(crowd) - before) / VIEWERS)
        first, *each = each  # devices that have just come: their tokens and metrics are looked up
        readings = sum(frame.count(b'"metric":"temperature"') * len(times) for frame, times in crowd.arrivals.items())
        for socket in sockets:
            socket.transport.abort()
        await crowd.leave()
    site.remove()
    expected = (1 + TICKS) * DEVICES * VIEWERS
    return Outcome(
        [
            Row(
                f"one tick of {DEVICES} devices, each on its socket, to {VIEWERS} viewers",
                f"{max(each):.2f} frames a viewer at most ({TICKS} ticks; {first:.2f} at the very first), "
                f"{readings:,} of {expected:,} readings shown",
                "1 frame a viewer, all",
                max(each) == 1 and readings == expected,
            )
        ]
    )


def shown(crowd: Crowd) -> int:
    """Frames with readings of the devices that came to anybody."""
    return sum(len(times) for frame, times in crowd.arrivals.items() if b'"temperature"' in frame)
