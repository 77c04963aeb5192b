"""Pages of 50 out of a room of a million messages, over HTTP from an idle server, at every depth.

Beside them, without targets: the room's page, the list of rooms, and the same pages of a short room.
"""

import asyncio
import json
import random
from dataclasses import dataclass, field

from ..http import Connection, timed_get
from ..lineup import Lineup
from ..measures import Bars, Column, Outcome, Row, Table, at_most, percentile
from ..seed import Plan
from ..seed_chat import ROOM
from ..servers import Server, running

MESSAGES, QUICK_MESSAGES = 1_000_000, 100_000
PAGE_MESSAGES = 50
DEPTHS = {"newest": 0.0, "10 % back": 0.1, "half-way": 0.5, "90 % back": 0.9, "oldest": 1.0}
ASKED, QUICK_ASKED = 40, 20
WARM_UP = 5
JITTER = 1_000
"""Messages within which the pages of one depth lie, so that no two are the same."""
LIMIT_MS = 20
OTHER_PAGES = {"the room's page, first visit": f"/chat/{ROOM}/", "the list of rooms": "/chat/"}


@dataclass
class Took:
    """Milliseconds of each answer, and the bytes of the last."""

    ms: list[float] = field(default_factory=list)
    size: int = 0

    @property
    def p95(self) -> float:
        return percentile(self.ms, 95)


async def run(lineup: Lineup, quick: bool) -> Outcome:
    messages, asked = (QUICK_MESSAGES, QUICK_ASKED) if quick else (MESSAGES, ASKED)
    site = lineup.site("chat-history", Plan(0, messages=messages))
    seen: dict[str, Took] = {}
    with running(lineup.of_site(site)) as server:
        client = Asker(server)
        for turn in range(WARM_UP + asked):
            for name, depth in DEPTHS.items():
                at = number_at(depth, messages)
                for way, query in {
                    "before": f"before={at}",
                    "after": f"after={max(at - PAGE_MESSAGES - 1, 0)}",
                }.items():
                    took = seen.setdefault(f"{name}, {way}", Took()) if turn >= WARM_UP else Took()
                    await client.ask_messages(query, took)
            for name, path in OTHER_PAGES.items():
                await client.ask(path, seen.setdefault(name, Took()) if turn >= WARM_UP else Took())
    tables = [table(seen, messages, site.megabytes, site.seeded.seconds)]
    site.remove()
    return Outcome(rows(seen, messages), tables)


def number_at(depth: float, messages: int) -> int:
    """The number before which a page at `depth` (0: newest, 1: oldest) ends."""
    newest = messages + 1 - random.randrange(JITTER)
    return max(round(newest * (1 - depth)), PAGE_MESSAGES + 1 + random.randrange(JITTER))


class Asker:
    """One client, whose connection stays."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.connection: Connection | None = None

    async def ask(self, path: str, took: Took) -> bytes:
        """The body of what `path` answers."""
        self.connection = self.connection or await Connection.open(self.server)
        body, ms = await timed_get(self.connection, self.server, path)
        took.ms.append(ms)
        took.size = len(body)
        await asyncio.sleep(0)
        return body

    async def ask_messages(self, query: str, took: Took) -> None:
        found = json.loads(await self.ask(f"/chat/{ROOM}/messages/?{query}", took))["messages"]
        if len(found) != PAGE_MESSAGES or found[-1]["id"] - found[0]["id"] != PAGE_MESSAGES - 1:
            raise RuntimeError(f"{query}: {len(found)} messages")


def rows(seen: dict[str, Took], messages: int) -> list[Row]:
    slowest = max((name for name in seen if name not in OTHER_PAGES), key=lambda name: seen[name].p95)
    p95 = seen[slowest].p95
    return [
        Row(
            f"history page of {PAGE_MESSAGES} in a room of {messages:,} messages, any depth: p95 over HTTP",
            f"{p95:.1f} ms ({slowest}; p50 {percentile(seen[slowest].ms, 50):.1f})",
            f"≤ {LIMIT_MS} ms",
            p95 <= LIMIT_MS,
            at_most("a room's history", p95, LIMIT_MS),
        )
    ]


def table(seen: dict[str, Took], messages: int, megabytes: float, seconds: float) -> Table:
    return Table(
        f"A room of {messages:,} messages ({megabytes:,.0f} MB, filled in {seconds:.0f} s), "
        f"{len(next(iter(seen.values())).ms)} times each",
        ("page", "p50 ms", "p95 ms", "kB"),
        [
            (name, f"{percentile(took.ms, 50):.1f}", f"{took.p95:.1f}", f"{took.size / 1000:.1f}")
            for name, took in seen.items()
        ],
        Bars("{page}", (Column("p50 ms", "p50", "ms"), Column("p95 ms", "p95", "ms"))),
    )
