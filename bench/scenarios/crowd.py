"""9,000 viewers on one worker, beside 500 of them, and beside 9,000 on bare picows."""

from statistics import median

from ..lineup import Lineup
from ..measures import Bars, Column, Delivery, Outcome, Row, Table, at_most
from .fanout import measure

VIEWERS = 9_000
FEW_VIEWERS = 500
ROUNDS = 2
TICKS = 10
"""20 s: everybody is pinged once, many or few."""
GROWTH_LIMIT = 1.15
P99_LIMIT = 2.0
KB_LIMIT = 30


async def run(lineup: Lineup, quick: bool) -> Outcome:
    viewers, rounds = (2_000, 1) if quick else (VIEWERS, ROUNDS)
    few: list[tuple[Delivery, float]] = []
    ours: list[tuple[Delivery, float]] = []
    bare: list[tuple[Delivery, float]] = []
    for _ in range(rounds):
        few.append(await measure(lineup.ours(), FEW_VIEWERS, TICKS))
        ours.append(await measure(lineup.ours(), viewers, TICKS))
        bare.append(await measure(lineup.picows(), viewers, TICKS))
    delivered = sum(d.delivered for d, _ in ours)
    expected = sum(d.expected for d, _ in ours)
    whole = all(d.complete == viewers for d, _ in ours)
    p99, bare_p99 = (median(d.p99 for d, _ in found) for found in (ours, bare))
    size = max(kb for _, kb in ours)
    us, few_us = (median(d.mean_us for d, _ in found) for found in (ours, few))
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
                f"{who}: CPU per delivery against {FEW_VIEWERS} viewers, pings included",
                f"{us:.1f} / {few_us:.1f} µs = {us / few_us:.2f}×",
                f"≤ {GROWTH_LIMIT}×",
                us <= GROWTH_LIMIT * few_us,
                at_most("CPU, growth with viewers", us / few_us, GROWTH_LIMIT),
            ),
            Row(
                f"{who}: p99 against picows",
                f"{p99:.0f} / {bare_p99:.0f} ms = {p99 / bare_p99:.2f}×",
                f"≤ {P99_LIMIT}×",
                p99 <= P99_LIMIT * bare_p99,
                at_most("p99, ours to picows", p99 / bare_p99, P99_LIMIT),
            ),
            Row(
                f"{who}: memory",
                f"{size:.1f} kB per viewer",
                f"≤ {KB_LIMIT} kB",
                size <= KB_LIMIT,
                at_most("memory per viewer", size, KB_LIMIT),
            ),
        ],
        [
            Table(
                f"{who}, and {FEW_VIEWERS}, one line a run",
                ("server", "µs CPU", "p50 ms", "p99 ms", "p99 after the slot", "kB"),
                [line("ours", *f) for f in ours]
                + [line("picows", *f) for f in bare]
                + [line(f"ours, {FEW_VIEWERS}", *f) for f in few],
                Bars(
                    "{server}",
                    (
                        Column("µs CPU", "CPU per delivery", "µs"),
                        Column("p99 ms", "p99 of a delivery", "ms"),
                        Column("kB", "memory per viewer", "kB"),
                    ),
                    ours=("ours",),
                ),
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
