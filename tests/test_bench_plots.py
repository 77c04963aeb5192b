"""The pictures of docs/benchmarks.md: one a table, honest, legible, light and dark."""

import ast
import re
from pathlib import Path
from typing import TypedDict
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page

from bench import measures, plot, report
from bench.measures import Bars, Column, Lines, Outcome, Row, Table, at_least, at_most
from tests.browser import NewPage

SCENARIOS = sorted((Path(measures.__file__).parent / "scenarios").glob("*.py"))
PLOTS = report.DOCUMENT.parent / report.PLOTS
SVG = "{http://www.w3.org/2000/svg}"

SERVERS = Table(
    "Servers, 9,000 viewers, µs",
    ("server", "µs CPU", "p99 ms", "delivered"),
    [("ours", "20.0", "1,200", "10 of 10"), ("ws", "10.0", "300", "9 of 10"), ("`loop`", "–", "–", "0 of 10")],
    Bars("{server}", (Column("µs CPU", "CPU", "µs"), Column("p99 ms", "p99", "ms")), ours=("ours",)),
)
HOUR = Table(
    "An hour",
    ("s", "heap MB", "busy"),
    [("0", "10.0", "–"), ("1,800", "5.0", "15%"), ("3,600", "10.0", "30%")],
    Lines("s", "seconds", (Column("heap MB", "heap", "MB"), Column("busy", "busy", "%"))),
)


def declared() -> list[tuple[str, tuple[str, ...], Bars | Lines]]:
    """Where each scenario makes a table, its head, and its plot."""
    calls = [
        (f"{path.stem}:{call.lineno}", call)
        for path in SCENARIOS
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Table"
    ]
    return [
        (place, ast.literal_eval(call.args[1]), eval(ast.unparse(call.args[3]), vars(measures)))
        for place, call in calls
    ]


DECLARED = declared()


def elements(table: Table, kind: str) -> list[ElementTree.Element]:
    return [found for found in ElementTree.fromstring(plot.svg(table)).iter() if found.get("class") == kind]


@pytest.mark.parametrize(("place", "head", "shown"), DECLARED, ids=[place for place, *_ in DECLARED])
def test_the_plot_of_each_table_shows_columns_that_it_has(
    place: str, head: tuple[str, ...], shown: Bars | Lines
) -> None:
    assert len(set(head)) == len(head), "two columns of one name"
    assert shown.columns
    lines = [tuple("12,345.6" for _ in head)] * 3
    table = Table("Any", head, lines, shown)
    for column in shown.columns:
        assert plot.cells_of(table, column) == ["12,345.6"] * 3
    assert ElementTree.fromstring(plot.svg(table)).tag == f"{SVG}svg"


def test_every_scenario_with_a_table_is_looked_at() -> None:
    naming = {path.stem for path in SCENARIOS if "Table(" in path.read_text()}
    assert {place.partition(":")[0] for place, *_ in DECLARED} == naming != set()


def test_bars_are_as_long_as_their_numbers_and_carry_the_cells() -> None:
    ours = [float(bar.attrib["width"]) for bar in elements(SERVERS, "ours")]
    peers = [float(bar.attrib["width"]) for bar in elements(SERVERS, "peer")]
    assert ours[0] == pytest.approx(2 * peers[0], abs=0.2)
    assert ours[1] == pytest.approx(4 * peers[2], abs=0.2)
    assert peers[1] == peers[3] == 0, "nothing measured, nothing drawn"
    texts = [found.text for found in ElementTree.fromstring(plot.svg(SERVERS)).iter(f"{SVG}text")]
    assert {"CPU, µs", "p99, ms", "20.0", "1,200", "10.0", "300", "–", "loop"} <= set(texts)


def test_columns_of_one_unit_share_a_scale() -> None:
    columns = (Column("p50 ms", "p50", "ms"), Column("p99 ms", "p99", "ms"), Column("kB", "size", "kB"))
    table = Table("Any", ("p50 ms", "p99 ms", "kB"), [("10", "40", "7")], Bars("round {line}", columns))
    p50, p99, size = (float(bar.attrib["width"]) for bar in elements(table, "ours"))
    assert p99 == pytest.approx(4 * p50, abs=0.2)
    assert size > p50


def test_a_share_of_what_a_target_allows_ends_before_the_mark_unless_it_is_a_miss() -> None:
    rows = [
        Row("memory", "15 kB", "≤ 30 kB", True, at_most("memory", 15, 30)),
        Row("rate", "40 a second", "≥ 50", False, at_least("rate", 40, 50)),
        Row("shrinks", "-1 MB", "≤ 8 MB", True, at_most("shrinks", -1, 8)),
        Row("delivered", "all", "all", True),
    ]
    table = report.shares(rows)
    assert table.lines == [("memory", "50"), ("rate", "125"), ("shrinks", "0")]
    [limit] = elements(table, "limit")
    bars = elements(table, "ours")
    lengths = [float(bar.attrib["width"]) for bar in bars]
    assert float(limit.attrib["x"]) + 1 - float(bars[0].attrib["x"]) == pytest.approx(2 * lengths[0], abs=0.2)
    assert lengths[1] == pytest.approx(2.5 * lengths[0], abs=0.2)
    assert lengths[2] == 0


def test_the_report_begins_with_the_targets_and_their_picture() -> None:
    row = Row("memory", "15 kB", "≤ 30 kB", True, at_most("memory", 15, 30))
    outcome = Outcome([row], [SERVERS])
    text = "\n\n".join(report.sections([outcome]))
    titles = ["Targets", SERVERS.title]
    assert re.findall(r"^### (.+)$", text, re.MULTILINE) == titles
    assert [table.title for table in report.drawn([outcome])] == titles
    assert "(plots/targets.svg)\n\n| what | reached | target |  |\n" in text


def test_lines_begin_at_zero_and_leave_gaps_open() -> None:
    heap, busy = (
        [tuple(map(float, point.split(","))) for point in curve.attrib["points"].split()]
        for curve in elements(HOUR, "curve")
    )
    axes = [float(axis.attrib["y"]) for axis in elements(HOUR, "axis")]
    assert axes[0] - heap[0][1] == pytest.approx(2 * (axes[0] - heap[1][1]))
    assert [x for x, _ in busy] == [x for x, _ in heap][1:]
    assert axes[1] - busy[1][1] == pytest.approx(2 * (axes[1] - busy[0][1]))


def test_the_alternative_text_says_what_is_to_be_seen() -> None:
    assert plot.describe(SERVERS) == "Bars. CPU, µs: ours 20.0; ws 10.0; loop –. Beside it: p99, ms"
    assert plot.describe(HOUR) == "Lines over seconds. heap, MB from 10.0 to 10.0; busy, % from 15% to 30%"


def test_a_run_draws_its_tables_and_removes_only_what_a_run_drew(tmp_path: Path) -> None:
    (tmp_path / "by-hand.svg").write_text("<svg/>")
    report.draw([SERVERS, HOUR], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "an-hour.svg",
        "by-hand.svg",
        "servers-9000-viewers-us.svg",
    ]
    report.draw([HOUR], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["an-hour.svg", "by-hand.svg"]


def test_each_table_of_the_document_has_its_picture_and_no_picture_is_left_over() -> None:
    _, _, measured = report.DOCUMENT.read_text().partition(report.BEGIN)
    parts = re.split(r"^### ", measured.partition(report.END)[0], flags=re.MULTILINE)[1:]
    linked = [re.match(rf".+\n\n!\[[^]]+\]\({report.PLOTS}/([\w-]+\.svg)\)\n\n\| ", part) for part in parts]
    names = [found[1] for found in linked if found]
    assert len(names) == len(parts) == len(set(names))
    assert sorted(names) == sorted(path.name for path in PLOTS.glob("*.svg"))
    for name in names:
        text = (PLOTS / name).read_text()
        assert text.startswith(report.DRAWN)
        assert "@media (prefers-color-scheme: dark)" in text
        assert ElementTree.fromstring(text).tag == f"{SVG}svg"


class Box(TypedDict):
    text: str
    x: float
    y: float
    right: float
    bottom: float


BOXES = """kind => [...document.querySelectorAll(kind)].map(found => {
  const { x, y, width, height } = found.getBBox();
  return { text: found.textContent, x, y, right: x + width, bottom: y + height };
})"""


def boxes(page: Page, kind: str) -> list[Box]:
    found: list[Box] = page.evaluate(BOXES, kind)
    return found


def overlap(one: Box, other: Box) -> bool:
    """Lines of text may touch: letters fill two thirds of their height."""
    height = min(one["bottom"], other["bottom"]) - max(one["y"], other["y"])
    least = min(box["bottom"] - box["y"] for box in (one, other))
    return min(one["right"], other["right"]) > max(one["x"], other["x"]) and height > least / 3


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1440])
def test_no_text_is_cut_off_or_covered(new_page: NewPage, width: int) -> None:
    page = new_page(width)
    for path in sorted(PLOTS.glob("*.svg")):
        page.goto(path.as_uri())
        [card] = boxes(page, ".card")
        texts, bars = boxes(page, "text"), boxes(page, ".ours, .peer")
        for number, text in enumerate(texts):
            assert card["x"] + 8 < text["x"] < text["right"] < card["right"] - 8, (path.name, text)
            assert card["y"] < text["y"] < text["bottom"] < card["bottom"], (path.name, text)
            covered = [other for other in texts[number + 1 :] + bars if overlap(text, other)]
            assert covered == [], (path.name, text)


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "ours"), [("light", "rgb(11, 122, 92)"), ("dark", "rgb(79, 199, 160)")])
def test_one_file_serves_both_themes(new_page: NewPage, scheme: str, ours: str) -> None:
    page = new_page(color_scheme=scheme)
    page.goto(next(PLOTS.glob("one-delivery*.svg")).as_uri())
    assert page.evaluate("getComputedStyle(document.querySelector('.ours')).fill") == ours
