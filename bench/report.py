"""Tables for the terminal and for the measured part of docs/benchmarks.md, and the plots beside it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from . import plot, versions
from .kernel import CPU_SOURCE
from .measures import Bars, Column, Outcome, Row, Table
from .servers import ROOT

DOCUMENT = ROOT / "docs/benchmarks.md"
BEGIN = "<!-- measured by `make bench`: begin -->"
END = "<!-- measured by `make bench`: end -->"
PLOTS = "plots"
"""Folder beside the document."""
DRAWN = "<!-- drawn by `make bench` -->\n"
"""How a picture of an earlier run begins."""
TARGETS = "Targets"
VERDICTS = {True: "pass", False: "**miss**", None: ""}


def markdown(outcomes: Iterable[Outcome], minutes: float) -> str:
    """The whole measured part."""
    parts = [
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {versions.machine()}.",
        f"{versions.software()}.",
        f"One run of {minutes:.0f} minutes: server on one core, load on another.",
        f"CPU: {CPU_SOURCE}, all threads of the server.",
    ]
    return "\n\n".join([*parts, *sections(outcomes)])


def sections(outcomes: Iterable[Outcome]) -> list[str]:
    """Titles, pictures and tables: the targets, then what each scenario has to show."""
    found = list(outcomes)
    rows = [row for outcome in found for row in outcome.rows]
    parts = []
    if rows:
        parts += [f"### {TARGETS}", picture(shares(rows)), grid(("what", "reached", "target", ""), map(cells, rows))]
    for table in (table for outcome in found for table in outcome.tables):
        parts += [f"### {table.title}", picture(table), grid(table.head, table.lines)]
    return parts


def shares(rows: Iterable[Row]) -> Table:
    """How near to its limit each figure is; the report has its picture alone, above the rows themselves."""
    found = [row.share for row in rows if row.share]
    lines: list[tuple[str, ...]] = [(share.name, f"{share.taken * 100:,.0f}") for share in found]
    title = "Taken of what the target allows"
    return Table(TARGETS, ("name", "%"), lines, Bars("{name}", (Column("%", title, "%"),), limit=100))


def cells(row: Row) -> tuple[str, ...]:
    return (row.what, row.reached, row.target, VERDICTS[row.ok])


def grid(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    table = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in table)


def picture(table: Table) -> str:
    return f"![{plot.describe(table)}]({PLOTS}/{plot.file_name(table)})"


def drawn(outcomes: Iterable[Outcome]) -> list[Table]:
    """Every table that the report shows a picture of."""
    found = list(outcomes)
    return [
        shares([row for outcome in found for row in outcome.rows]),
        *(t for outcome in found for t in outcome.tables),
    ]


def draw(tables: Iterable[Table], folder: Path = DOCUMENT.parent / PLOTS) -> None:
    """One file a table; those of tables that are gone are removed, and nothing that somebody else put there."""
    files = {plot.file_name(table): DRAWN + plot.svg(table) for table in tables}
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.svg"):
        if path.name not in files and path.read_text().startswith(DRAWN):
            path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text)


def write(text: str, document: Path = DOCUMENT) -> None:
    """Replace what stands between the markers; the prose around them stays."""
    if document.exists():
        before, begin, rest = document.read_text().partition(BEGIN)
        _, end, after = rest.partition(END)
        if not (begin and end):
            raise ValueError(f"{document} lacks the lines {BEGIN} and {END}")
    else:
        before, after = "# Benchmarks\n\n", "\n"
    document.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
