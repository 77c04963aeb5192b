"""Draws a table's plot. Every axis begins at zero and is linear; values stand as the table has them."""

import re
import textwrap
from itertools import groupby

from django.utils.text import slugify

from .measures import Bars, Column, Lines, Table
from .sheet import GAP, LETTER, LINE, PAD, SMALL_GAP, WIDTH, Sheet, wide

BAR = 18
BESIDE_PANEL = 190
"""Labels stand beside the bars if that leaves each column this much, else above."""
CURVE = 84
QUARTERS = 4
"""Where the axis of lines carries numbers."""
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def file_name(table: Table) -> str:
    return slugify(table.title.replace("µ", "u")) + ".svg"


def svg(table: Table) -> str:
    """The whole file."""
    sheet = Sheet()
    if isinstance(table.plot, Bars):
        bars(sheet, table, table.plot)
    else:
        curves(sheet, table, table.plot)
    return sheet.document(describe(table))


def describe(table: Table) -> str:
    """What is to be seen, for who does not see it."""
    first, *others = table.plot.columns
    if isinstance(table.plot, Bars):
        pairs = zip(labels_of(table, table.plot), cells_of(table, first), strict=True)
        text = f"Bars. {heading(first)}: " + "; ".join(f"{label} {cell}" for label, cell in pairs)
        return text + (f". Beside it: {'; '.join(map(heading, others))}" if others else "")
    ends = ((column, measured(cells_of(table, column))) for column in (first, *others))
    return f"Lines over {table.plot.unit}. " + "; ".join(
        f"{heading(column)} from {cells[0]} to {cells[-1]}" for column, cells in ends
    )


def heading(column: Column) -> str:
    return f"{column.title}, {column.unit}" if column.unit else column.title


def labels_of(table: Table, plot: Bars) -> list[str]:
    named = (dict(zip(table.head, cells, strict=True), line=str(n)) for n, cells in enumerate(table.lines, 1))
    return [plot.label.format_map(cells).replace("`", "") for cells in named]


def cells_of(table: Table, column: Column) -> list[str]:
    place = table.head.index(column.name)
    return [cells[place] for cells in table.lines]


def number(cell: str) -> float | None:
    """What a cell begins with; None where nothing was measured."""
    found = NUMBER.match(cell)
    return float(found[0].replace(",", "")) if found else None


def measured(cells: list[str]) -> list[str]:
    """Those that hold a number, or a dash for all of them."""
    return [cell for cell in cells if number(cell) is not None] or ["–"]


def alike(table: Table, column: Column) -> list[str]:
    """The cells of all columns with the unit of `column`, which share its scale."""
    columns = [c for c in table.plot.columns if c is column or (c.unit and c.unit == column.unit)]
    return [cell for c in columns for cell in cells_of(table, c)]


def most(cells: list[str]) -> float:
    """The largest number, to be divided by: 1 where there is none, or nothing but 0."""
    return max((value for value in map(number, cells) if value is not None), default=0) or 1


def bars(sheet: Sheet, table: Table, plot: Bars) -> None:
    """A panel for each column, side by side, and the labels beside all of them or above each line."""
    labels, count = labels_of(table, plot), len(plot.columns)
    left = PAD + wide(labels) + 2 * SMALL_GAP
    beside = WIDTH - PAD - left - GAP * (count - 1) >= BESIDE_PANEL * count
    left = left if beside else PAD
    room = (WIDTH - PAD - left - GAP * (count - 1)) / count
    titles = [textwrap.wrap(heading(column), int(room / LETTER)) for column in plot.columns]
    top = sheet.bottom + max(map(len, titles)) * LINE + SMALL_GAP
    height = BAR + 2 * SMALL_GAP + (0 if beside else LINE + SMALL_GAP)
    middles = [top + height * (n + 1) - SMALL_GAP - BAR / 2 for n in range(len(labels))]
    for middle, label in zip(middles, labels, strict=True):
        mine = label.startswith(plot.ours)
        sheet.text("text" if mine else "quiet", PAD, middle if beside else middle - LINE - 2, label)
    for place, (column, title) in enumerate(zip(plot.columns, titles, strict=True)):
        x = left + place * (room + GAP)
        for n, words in enumerate(title, max(map(len, titles)) - len(title)):
            sheet.text("title", x, sheet.bottom + (n + 0.5) * LINE, words)
        shared = alike(table, column)
        scale = (room - wide(shared) - SMALL_GAP) / max(most(shared), plot.limit or 0)
        for middle, label, cell in zip(middles, labels, cells_of(table, column), strict=True):
            mine = label.startswith(plot.ours) and not column.peer
            length = (number(cell) or 0) * scale
            sheet.box("axis", x - 1, middle - BAR / 2 - 3, 1, BAR + 6)
            sheet.box("ours" if mine else "peer", x, middle - BAR / 2, length, BAR)
            kind = "text" if mine else "quiet"
            if plot.limit is None:
                sheet.text(kind, x + length + SMALL_GAP, middle, cell)
            else:
                sheet.text(kind, x + room, middle, cell, "end")
        if plot.limit is not None:
            sheet.box("limit", x + plot.limit * scale - 1, top, 2, height * len(labels))
    sheet.bottom = top + height * len(labels)


def curves(sheet: Sheet, table: Table, plot: Lines) -> None:
    """A panel for each column, one below the other, over one axis; a line's ends carry their values."""
    x_cells = cells_of(table, Column(plot.x, plot.x))
    first_x = number(x_cells[0]) or 0
    span = (most(x_cells) - first_x) or 1
    shares = [((number(cell) or 0) - first_x) / span for cell in x_cells]
    ends = [(cells[0], cells[-1]) for cells in (measured(cells_of(table, column)) for column in plot.columns)]
    left = PAD + wide([first for first, _ in ends]) + 2 * SMALL_GAP
    right = WIDTH - PAD - wide([last for _, last in ends]) - 2 * SMALL_GAP
    x_of = [left + share * (right - left) for share in shares]
    for column, end in zip(plot.columns, ends, strict=True):
        sheet.text("title", PAD, sheet.bottom + LINE / 2, heading(column))
        zero = sheet.bottom + LINE + 2 * SMALL_GAP + CURVE
        scale = CURVE / most(alike(table, column))
        values = [number(cell) for cell in cells_of(table, column)]
        found = [(x, None if value is None else zero - value * scale) for x, value in zip(x_of, values, strict=True)]
        for gap, run in groupby(found, key=lambda point: point[1] is None):
            if not gap:
                sheet.curve([(x, y) for x, y in run if y is not None])
        heights = [y for _, y in found if y is not None] or [zero]
        sheet.box("axis", left, zero, right - left, 1)
        sheet.text("text", left - 2 * SMALL_GAP, heights[0], end[0], "end")
        sheet.text("text", right + 2 * SMALL_GAP, heights[-1], end[1])
        if zero - heights[0] > LINE:
            sheet.text("quiet", left - 2 * SMALL_GAP, zero, "0", "end")
        sheet.bottom = zero + GAP + SMALL_GAP // 2
    for x, share, cell in zip(x_of, shares, x_cells, strict=True):
        if (share * QUARTERS).is_integer():
            sheet.text("quiet", x, sheet.bottom, cell, "middle")
    sheet.bottom += LINE
    sheet.text("quiet", (left + right) / 2, sheet.bottom, plot.unit, "middle")
    sheet.bottom += LINE / 2
