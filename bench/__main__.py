"""`python -m bench [--only NAME …] [--quick]`: measure, print, and write the report.

Only a whole run writes docs/benchmarks.md and its plots. Exits 1 if a target was missed.
"""

import argparse
import asyncio
import fcntl
import gc
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

import uvloop

from docs import included

from . import kernel, report
from .lineup import Lineup
from .measures import Outcome
from .scenarios import SCENARIOS

NEEDED_FILES = 9_500
SCENARIO_SECONDS = 1800.0
"""At most: the longest looks at a page for ten minutes. What a server never answers is waited for in many places."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SCENARIOS, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="small and short")
    parser.add_argument("--log", type=Path, default=Path(os.devnull))
    options = parser.parse_args()
    lock = prepare_this_process()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-") as data_dir:
        lineup = Lineup(Path(data_dir), options.log)
        lineup.prepare()
        names = options.only or list(SCENARIOS)
        outcomes = uvloop.run(measure(lineup, names, options.quick))
    text = report.markdown(outcomes, (time.monotonic() - started) / 60)
    print(text)
    if not options.only and not options.quick:
        report.write(text)
        report.draw(report.drawn(outcomes))
        included.fill()
    lock.close()
    missed = [r for o in outcomes for r in o.rows if r.ok is False]
    return 1 if missed else 0


def prepare_this_process() -> IO[str]:
    """Room for many sockets, a core of its own, no long pauses for garbage, and no other bench meanwhile.

    Returns what to close at the end, so that another may begin.
    """
    lock = (Path(tempfile.gettempdir()) / "examplechannels-bench.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("Another bench is running; two at once would measure each other.")
    if kernel.raise_file_limit() < NEEDED_FILES:
        sys.exit(f"9,000 viewers need {NEEDED_FILES:,} open files: raise `ulimit -Hn`")
    server_core, load_core = kernel.cores()
    if server_core == load_core:
        print("One core only: the load takes its time from the server.")
    os.sched_setaffinity(0, {load_core})
    gc.set_threshold(100_000, 50, 100)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    return lock


async def measure(lineup: Lineup, names: list[str], quick: bool) -> list[Outcome]:
    """What the scenarios have to say, and on stderr how far they are.

    Raises:
        TimeoutError: one took longer than `SCENARIO_SECONDS`.
    """
    outcomes = []
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        began = time.monotonic()
        async with asyncio.timeout(SCENARIO_SECONDS):
            outcomes.append(await SCENARIOS[name](lineup, quick))
        took = time.monotonic() - began
        print(f"{name}: {took:.0f} s", file=sys.stderr, flush=True)
        for row in outcomes[-1].rows:
            print("  ", *report.cells(row), sep=" | ", file=sys.stderr)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
