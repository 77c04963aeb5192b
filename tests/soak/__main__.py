"""`python -m tests.soak [--seconds 1200] [--sqlite]`; exits 1 if anything rose, was lost, or is left over."""

import argparse
import sys
import time

import uvloop

from bench import kernel
from tests.soak.run import CHATTERS, VIEWERS, soak

SECONDS = 1200.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--viewers", type=int, default=VIEWERS)
    parser.add_argument("--chatters", type=int, default=CHATTERS)
    parser.add_argument("--sqlite", action="store_true", help="one worker on SQLite, without Valkey")
    options = parser.parse_args()
    kernel.raise_file_limit()
    began = time.monotonic()
    report = uvloop.run(soak(options.seconds, options.sqlite, options.viewers, options.chatters))
    print(report.text())
    print(f"{time.monotonic() - began:.0f} s in all")
    return 0 if report.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
