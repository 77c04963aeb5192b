"""A crowd of viewers in this process, and what reached them."""

import asyncio
import itertools
import math
import time
from array import array
from collections.abc import Sequence

from examplechannels.ticker import TICK_SECONDS

from .client import Viewer
from .frames import handshake
from .measures import Delivery, slot_of, until_quiet
from .servers import HOST, Server


class Crowd:
    """Viewers of one path. `arrivals` maps each distinct frame to its times (Unix s).

    Each shows one of `session_keys`, where there are any.
    """

    def __init__(self, server: Server, path: str = "", kind: type[Viewer] = Viewer, session_keys: Sequence[str] = ()):
        self.server = server
        self.path = path or server.path
        self.kind = server.viewer if kind is Viewer else kind
        self.cookies = itertools.cycle([[("Cookie", f"sessionid={key}")] for key in session_keys] or [[]])
        self.arrivals: dict[bytes, array[float]] = {}
        self.viewers: list[Viewer] = []
        self.lost_count = 0

    def lost(self, viewer: Viewer) -> None:
        self.lost_count += 1

    async def open_one(self, timeout: float = 30.0) -> Viewer:
        """One more viewer, once its handshake is through.

        Raises:
            ConnectionError, TimeoutError: it was refused, or not answered in `timeout` seconds.
        """
        loop = asyncio.get_running_loop()
        host = f"{HOST}:{self.server.port}"
        request = handshake(host, self.path, [("Origin", f"http://{host}"), *next(self.cookies)])
        _, viewer = await loop.create_connection(lambda: self.kind(self, request), HOST, self.server.port)
        try:
            await asyncio.wait_for(viewer.opened, timeout)
        except BaseException:
            viewer.transport.abort()
            raise
        self.viewers.append(viewer)
        return viewer

    async def open(self, count: int, at_once: int = 100) -> float:
        """`count` more viewers, `at_once` handshakes in flight; seconds it took."""
        started = time.perf_counter()
        turns = iter(range(count))

        async def worker() -> None:
            for _ in turns:
                await self.open_one()

        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, count)):
                group.create_task(worker())
        return time.perf_counter() - started

    async def leave(self) -> None:
        """Close every connection without a word and let the loop notice."""
        for viewer in self.viewers:
            viewer.transport.abort()
        self.viewers.clear()
        await asyncio.sleep(0.5)

    async def watch(self, ticks: int, interval: float = TICK_SECONDS) -> Delivery:
        """Deliveries and the server's CPU over `ticks` slots of `interval` seconds."""
        await asyncio.sleep(until_quiet(interval))
        self.arrivals.clear()
        first = math.floor(time.time() / interval) + 1
        counts = [viewer.count for viewer in self.viewers]
        cpu = [self.server.cpu_ns()]
        for _ in range(ticks):
            await asyncio.sleep(until_quiet(interval))
            cpu.append(self.server.cpu_ns())
        slots = [round((first + i) * interval * 1000) for i in range(ticks)]
        complete = sum(viewer.count - before == ticks for viewer, before in zip(self.viewers, counts, strict=True))
        times = {slot_of(frame): list(seen) for frame, seen in self.arrivals.items()}
        return Delivery.of([times.get(slot, []) for slot in slots], slots, cpu, len(self.viewers), complete)
