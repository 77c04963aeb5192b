"""What 1,000 alarm rules cost whoever records, and how soon an alarm stands on a page.

Two servers with databases of the same shape, one of which has the rules, have the same core in turn; the middle
round counts. Each metric of a batch has ten rules, so that every commit is judged by all of them.
"""

import asyncio
import itertools
import json
import time
from operator import itemgetter

from ..batches import DEVICES, METRICS, READINGS
from ..browser import open_page
from ..http import Connection, request_bytes
from ..lineup import Lineup
from ..measures import Bars, Column, Outcome, Row, Table, at_least, at_most, percentile
from ..seed import Plan
from ..servers import Server, running
from .lines import METRICS_IN_ALL, Window, write_for

RULES = 1_000
ROUNDS, QUICK_ROUNDS = 7, 3
SECONDS, QUICK_SECONDS = 4.0, 2.0
SHARE = 0.9
ALARM_METRICS = tuple(f"m{number}_percent" for number in range(300))
ALARMS, QUICK_ALARMS = 300, 60
PERIOD_SECONDS = 0.05
SETTLE_SECONDS = 2.0
THRESHOLD = 70.0
P95_LIMIT_MS = 200
PATH = "/two/?window=1m"
POST_PATH = "/two/readings/"


async def run(lineup: Lineup, quick: bool) -> Outcome:
    windows, without = await cost(lineup, quick)
    delays, sent = await delays_of(lineup, QUICK_ALARMS if quick else ALARMS)
    rounds = [(w.per_second / o.per_second, w, o) for w, o in zip(windows, without, strict=True)]
    share, with_rules, no_rules = sorted(rounds, key=itemgetter(0))[len(rounds) // 2]
    p95 = percentile(delays, 95)
    return Outcome(
        [
            Row(
                f"line protocol, batches of {READINGS:,}: {RULES:,} rules beside none",
                f"{with_rules.per_second:,.0f} / {no_rules.per_second:,.0f} readings/s = {share:.2f}×",
                f"≥ {SHARE}×",
                share >= SHARE,
                at_least("line protocol with rules", share, SHARE),
            ),
            Row(
                "from the sending of a reading that raises an alarm until that is in Chromium",
                f"p95 {p95:.0f} ms (p50 {percentile(delays, 50):.0f}), {len(delays)} of {sent}",
                f"p95 ≤ {P95_LIMIT_MS} ms, all",
                p95 <= P95_LIMIT_MS and len(delays) == sent,
                at_most("alarm until on the page", p95, P95_LIMIT_MS),
            ),
        ],
        [table(windows, without)],
    )


async def cost(lineup: Lineup, quick: bool) -> tuple[list[Window], list[Window]]:
    """Windows with the rules, and without."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)
    ruled, plain = (lineup.site(f"rules-{n}", Plan(DEVICES, METRICS, rules=n)) for n in (RULES, 0))
    windows: list[Window] = []
    without: list[Window] = []
    with running(lineup.of_site(ruled)) as judging, running(lineup.of_site(plain)) as idle:
        turns = [(judging, ruled, itertools.count(), windows), (idle, plain, itertools.count(), without)]
        for server, site, numbers, _ in turns:
            await write_for(server, site, numbers, 1.0)  # caches and the WAL reach their size
        for _ in range(rounds):
            for server, site, numbers, found in turns:
                found.append(await write_for(server, site, numbers, seconds))
            turns.reverse()
    for site in (ruled, plain):
        site.remove()
    return windows, without


async def delays_of(lineup: Lineup, alarms: int) -> tuple[list[float], int]:
    """Milliseconds of each alarm that the page got, and how many were raised."""
    site = lineup.site("raised", Plan(1, ALARM_METRICS, threshold=THRESHOLD))
    token = site.seeded.device_tokens[0]
    sent: dict[str, float] = {}
    with running(lineup.of_site(site)) as server:
        async with open_page(server, PATH, notes_frames=True) as page:
            connection = await Connection.open(server)
            for metric in ALARM_METRICS[:alarms]:
                sent[metric] = time.time()
                await post(connection, server, token, {metric: THRESHOLD + 1})
                await asyncio.sleep(PERIOD_SECONDS)
            await asyncio.sleep(SETTLE_SECONDS)
            frames = [(at_ms, json.loads(text)) for at_ms, text in await page.frames()]
            connection.close()
    site.remove()
    first: dict[str, float] = {}
    for at_ms, frame in frames:
        if isinstance(frame, dict) and frame.get("type") == "alarm":
            first.setdefault(frame["alarm"]["metric"], at_ms)
    return [at_ms - sent[metric] * 1000 for metric, at_ms in first.items()], len(sent)


async def post(connection: Connection, server: Server, token: str, values: dict[str, float]) -> None:
    answer = await connection.ask(request_bytes(server, "POST", POST_PATH, json.dumps(values).encode(), token))
    if answer.status != 204:
        raise RuntimeError(f"refused: {answer}")


def table(windows: list[Window], without: list[Window]) -> Table:
    return Table(
        f"{READINGS:,} readings of {METRICS_IN_ALL} metrics a batch, {RULES:,} rules, one line a round",
        ("with rules, readings/s", "without", "ratio", "batch p50 ms", "without, ms"),
        [
            (
                f"{w.per_second:,.0f}",
                f"{o.per_second:,.0f}",
                f"{w.per_second / o.per_second:.2f}×",
                f"{percentile(w.took_ms, 50):.0f}",
                f"{percentile(o.took_ms, 50):.0f}",
            )
            for w, o in zip(windows, without, strict=True)
        ],
        Bars(
            "round {line}",
            (
                Column("with rules, readings/s", "with rules", "readings/s"),
                Column("without", "without rules", "readings/s", peer=True),
            ),
        ),
    )
