"""What each of the six small consumers in docs/steps costs, each on a server of its own.

No targets: a rung is there to be compared with the one below it.
"""

import asyncio
import time

from ..client import Viewer
from ..lineup import Lineup
from ..load import Crowd
from ..measures import Bars, Column, Outcome, Table
from ..people import TEXT
from ..servers import Server, running

VISITORS = 5
"""Of the loop in `connect`, which has one thread for all."""
FIRST_WORD_SECONDS = 3.0

CLIENTS = 100
ECHOES = 10
"""Frames that each client sends, one client after another."""
ECHO_GAP_SECONDS = 0.1 / CLIENTS
MESSAGES = 20
MESSAGE_GAP_SECONDS = 0.1
WARM_UP_MESSAGES = 5
DELIVERED_WITHIN_SECONDS = 5.0

VIEWERS = 300
INTERVAL_SECONDS = 0.5
"""From one push to the next."""
WARM_UP_TICKS = 2
TICKS = 8

Line = tuple[str, ...]


async def run(lineup: Lineup, quick: bool) -> Outcome:
    ticks, messages = (2, 5) if quick else (TICKS, MESSAGES)
    lines = [
        await first_words(lineup.ladder("loop_in_connect", INTERVAL_SECONDS)),
        await echo(lineup.ladder("echo", INTERVAL_SECONDS)),
        await chat(lineup.ladder("sync_chat", INTERVAL_SECONDS), messages),
        await chat(lineup.ladder("async_chat", INTERVAL_SECONDS), messages),
        await pushes(lineup.ladder("group", INTERVAL_SECONDS), ticks),
        await pushes(lineup.ladder("fan_out", INTERVAL_SECONDS), ticks),
    ]
    return Outcome(
        [],
        [
            Table(
                "What each step of the ladder costs",
                ("step", "load", "µs CPU per frame", "delivered"),
                lines,
                Bars("{step}", (Column("µs CPU per frame", "CPU per frame", "µs"),), ours=("fan_out",)),
            )
        ],
    )


async def first_words(server: Server) -> Line:
    """How many visitors who come at once hear anything; the others are not even let in."""
    with running(server):
        crowd = Crowd(server)
        tries = [crowd.open_one(FIRST_WORD_SECONDS) for _ in range(VISITORS)]
        await asyncio.gather(asyncio.sleep(FIRST_WORD_SECONDS), *tries, return_exceptions=True)
        heard = sum(viewer.count > 0 for viewer in crowd.viewers)
        await asyncio.to_thread(server.kill)  # its thread would keep it for minutes
        await crowd.leave()
    return (
        server.name,
        f"{VISITORS} visitors at once",
        "–",
        f"a first word within {FIRST_WORD_SECONDS:.0f} s to {heard} of {VISITORS}",
    )


async def echo(server: Server) -> Line:
    with running(server):
        crowd = Crowd(server)
        await crowd.open(CLIENTS)
        await say(crowd, crowd.viewers, ECHO_GAP_SECONDS, 1)
        cost = await say(crowd, crowd.viewers * ECHOES, ECHO_GAP_SECONDS, 1)
        await crowd.leave()
    return (server.name, f"{CLIENTS} clients send {ECHOES} frames each, {1 / ECHO_GAP_SECONDS:,.0f}/s in all", *cost)


async def chat(server: Server, messages: int) -> Line:
    with running(server):
        crowd = Crowd(server)
        await crowd.open(CLIENTS)
        sender = crowd.viewers[0]
        await say(crowd, [sender] * WARM_UP_MESSAGES, MESSAGE_GAP_SECONDS, CLIENTS)
        cost = await say(crowd, [sender] * messages, MESSAGE_GAP_SECONDS, CLIENTS)
        await crowd.leave()
    return (server.name, f"{messages} messages to {CLIENTS} members, {1 / MESSAGE_GAP_SECONDS:.0f}/s", *cost)


async def say(crowd: Crowd, senders: list[Viewer], gap: float, hearers: int) -> tuple[str, str]:
    """The senders in turn, `gap` seconds apart, each heard by `hearers`: µs per frame, and how many arrived."""
    expected, heard = len(senders) * hearers, total(crowd)
    cpu, began = crowd.server.cpu_ns(), time.monotonic()
    for number, sender in enumerate(senders):
        await asyncio.sleep(began + number * gap - time.monotonic())
        sender.send_text(TEXT)
    give_up = time.monotonic() + DELIVERED_WITHIN_SECONDS
    while total(crowd) - heard < expected and time.monotonic() < give_up:
        await asyncio.sleep(0.05)
    delivered = total(crowd) - heard
    spent = (crowd.server.cpu_ns() - cpu) / 1000
    return f"{spent / max(delivered, 1):.1f}", f"{delivered:,} of {expected:,}"


def total(crowd: Crowd) -> int:
    return sum(viewer.count for viewer in crowd.viewers)


async def pushes(server: Server, ticks: int) -> Line:
    with running(server):
        crowd = Crowd(server)
        await crowd.open(VIEWERS)
        await crowd.watch(WARM_UP_TICKS, INTERVAL_SECONDS)
        delivery = await crowd.watch(ticks, INTERVAL_SECONDS)
        await crowd.leave()
    return (
        server.name,
        f"{ticks} pushes to {VIEWERS} viewers, {1 / INTERVAL_SECONDS:.0f}/s",
        f"{delivery.mean_us:.1f}",
        f"{delivery.delivered:,} of {delivery.expected:,}",
    )
