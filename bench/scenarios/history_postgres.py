"""The scenario `history` on a PostgreSQL of its own, with the readings of all metrics mixed in the table."""

from ..lineup import Lineup
from ..measures import Outcome, Table
from ..postgres_site import PostgresSite, make_postgres_site, postgres
from .history import compare, plans

ENGINE = " on PostgreSQL"
TABLES = ("two_reading", "two_minuterollup", "two_hourrollup")


async def run(lineup: Lineup, quick: bool) -> Outcome:
    """Nothing where there is no PostgreSQL on this machine."""
    from tests.postgres import find

    if find() is None:
        return Outcome([], [Table("History on PostgreSQL was not measured", ("why",), [("there is no initdb",)])])
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
    )
