"""9,000 viewers on one worker, beside the same on bare picows."""

from statistics import median

from ..lineup import Lineup
from ..measures import Delivery, Outcome, Row, Table
from .fanout import measure

VIEWERS = 9_000
ROUNDS = 2
TICKS = 5
P99_LIMIT = 2.5
KB_LIMIT = 40


async def run(lineup: Lineup, quick: bool) -> Outcome:
    viewers, rounds = (2_000, 1) if quick else (VIEWERS, ROUNDS)
    ours: list[tuple[Delivery, float]] = []
    bare: list[tuple[Delivery, float]] = []
    for _ in range(rounds):
        ours.append(await measure(lineup.ours(), viewers, TICKS))
        bare.append(await measure(lineup.picows(), viewers, TICKS))
    delivered = sum(d.delivered for d, _ in ours)
    expected = sum(d.expected for d, _ in ours)
    whole = all(d.complete == viewers for d, _ in ours)
    p99, bare_p99 = (median(d.p99 for d, _ in found) for found in (ours, bare))
    size = max(kb for _, kb in ours)
    who = f"{viewers:,} viewers"
    return Outcome(
        [
            Row(
                f"{who}: frames delivered",
                f"{delivered:,} of {expected:,}",
                "all",
                whole and delivered == expected,
            ),
            Row(
                f"{who}: p99 against picows",
                f"{p99:.0f} / {bare_p99:.0f} ms = {p99 / bare_p99:.2f}×",
                f"≤ {P99_LIMIT}×",
                p99 <= P99_LIMIT * bare_p99,
            ),
            Row(
                f"{who}: memory",
                f"{size:.1f} kB per viewer",
                f"≤ {KB_LIMIT} kB",
                size <= KB_LIMIT,
            ),
        ],
        [
            Table(
                f"{who}, one line a run",
                ("server", "µs CPU", "p50 ms", "p99 ms", "p99 after the slot", "kB"),
                [line("ours", *f) for f in ours] + [line("picows", *f) for f in bare],
            )
        ],
    )


def line(name: str, delivery: Delivery, per_viewer: float) -> tuple[str, ...]:
    return (
        name,
        f"{delivery.mean_us:.1f}",
        f"{delivery.p50:.0f}",
        f"{delivery.p99:.0f}",
        f"{delivery.late_p99:.0f}",
        f"{per_viewer:.1f}",
    )
