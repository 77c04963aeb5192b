"""The scenario `history` on a PostgreSQL of its own, with the readings of all metrics mixed in the table."""

import os

from ..lineup import Lineup
from ..measures import Bars, Column, Outcome, Row, Table
from ..postgres_site import PostgresSite, make_postgres_site, postgres
from .history import compare, plans

ENGINE = " on PostgreSQL"
TABLES = ("two_reading", "two_minuterollup", "two_hourrollup")


async def run(lineup: Lineup, quick: bool) -> Outcome:
    """Where there is no PostgreSQL on this machine it says so; in CI that is a failure."""
    from tests.postgres import find

    if find() is None:
        reached, ok = "not measured: there is no initdb", False if os.environ.get("CI") else None
        return Outcome([Row(f"history{ENGINE}", reached, "measured", ok)], [])
    with postgres() as server:
        env = {**lineup.env, "DEBUG": "0"}
        sites = [make_postgres_site(server, env, name, plan) for name, plan in plans(quick).items()]
        found = await compare(lineup, sites, quick, ENGINE)
        found.tables.append(sizes_table(sites[0]))
    return found


def sizes_table(site: PostgresSite) -> Table:
    count, _ = site.readings()
    lines = [(table, *(f"{size:.1f}" for size in site.bytes_per_reading(table))) for table in TABLES]
    return Table(
        f"Bytes on PostgreSQL for each of {count:,} readings, {site.megabytes:,.0f} MB in all",
        ("table", "rows", "key"),
        lines,
        Bars("{table}", (Column("rows", "rows", "bytes"), Column("key", "key", "bytes"))),
    )
