"""A crowd of viewers in this process, and what reached them."""

import asyncio
import math
import time
from array import array

from .client import Viewer
from .frames import handshake
from .measures import Delivery, percentile, slot_of, until_quiet
from .servers import HOST, Server


class Crowd:
    """Viewers of one path. `arrivals` maps each distinct frame to its times (Unix s)."""

    def __init__(self, server: Server, path: str = "", kind: type[Viewer] = Viewer):
        self.server = server
        self.path = path or server.path
        self.kind = server.viewer if kind is Viewer else kind
        self.arrivals: dict[bytes, array[float]] = {}
        self.viewers: list[Viewer] = []
        self.lost_count = 0

    def lost(self, viewer: Viewer) -> None:
        self.lost_count += 1

    async def open_one(self, timeout: float = 30.0) -> Viewer:
        """One more viewer, once its handshake is through."""
        loop = asyncio.get_running_loop()
        host = f"{HOST}:{self.server.port}"
        request = handshake(host, self.path, [("Origin", f"http://{host}")])
        _, viewer = await loop.create_connection(
            lambda: self.kind(self, request), HOST, self.server.port
        )
        await asyncio.wait_for(viewer.opened, timeout)
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

    async def watch(self, ticks: int, interval: float = 2.0) -> Delivery:
        """Deliveries and the server's CPU over `ticks` slots of `interval` seconds."""
        await asyncio.sleep(until_quiet(interval))
        self.arrivals.clear()
        first = math.floor(time.time() / interval) + 1
        counts = [viewer.count for viewer in self.viewers]
        cpu = self.server.cpu_ns()
        await asyncio.sleep(ticks * interval)
        cpu = self.server.cpu_ns() - cpu
        slots = {round((first + i) * interval * 1000) for i in range(ticks)}
        spread: list[float] = []
        late: list[float] = []
        for frame, times in self.arrivals.items():
            slot = slot_of(frame)
            if slot in slots:
                spread += [(t - times[0]) * 1000 for t in times]
                late += [t * 1000 - slot for t in times]
        complete = sum(
            viewer.count - before == ticks
            for viewer, before in zip(self.viewers, counts, strict=True)
        )
        return Delivery(
            viewers=len(self.viewers),
            ticks=ticks,
            delivered=len(spread),
            complete=complete,
            cpu_us=cpu / 1000 / max(len(spread), 1),
            p50=percentile(spread, 50),
            p99=percentile(spread, 99),
            late_p99=percentile(late, 99),
        )
