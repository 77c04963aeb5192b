"""A card of text, boxes and curves as SVG that serves light and dark pages and widths from 360 px.

Lengths are in units of the drawing, `WIDTH` of which are as wide as the picture.
"""

from xml.etree import ElementTree

WIDTH = 720
PAD = 24
GAP = 24
SMALL_GAP = 8
TEXT = 22
"""Font size of a narrow picture; a wide one has `WIDE_TEXT`, which fits wherever this does."""
WIDE_TEXT = 17
LETTER = 0.64 * TEXT
"""Width of a letter in the widest of the usual fonts, on average."""
LINE = 28
STYLE = f"""
text {{ font: {TEXT}px system-ui, sans-serif; font-variant-numeric: tabular-nums; dominant-baseline: central }}
@media (min-width: 540px) {{ text {{ font-size: {WIDE_TEXT}px }} }}
.card {{ fill: #fff; stroke: #e3e3dd }}
.axis {{ fill: #c9cdca }}
.peer {{ fill: #9aa19d }}
.ours {{ fill: #0b7a5c }}
.limit {{ fill: #c2703d }}
.curve {{ fill: none; stroke: #0b7a5c; stroke-width: 3; stroke-linejoin: round; stroke-linecap: round }}
.text {{ fill: #1c1f1d }}
.quiet {{ fill: #59605d }}
.title {{ fill: #1c1f1d; font-weight: 600 }}
@media (prefers-color-scheme: dark) {{
.card {{ fill: #191d1b; stroke: #2b312e }}
.axis {{ fill: #454c48 }}
.peer {{ fill: #7b847f }}
.ours {{ fill: #4fc7a0 }}
.limit {{ fill: #e8935c }}
.curve {{ stroke: #4fc7a0 }}
.text, .title {{ fill: #e9ecea }}
.quiet {{ fill: #9ba5a1 }}
}}
"""


class Sheet:
    """A drawing that grows downwards."""

    def __init__(self) -> None:
        self.root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img"})
        self.name = ElementTree.SubElement(self.root, "title")
        ElementTree.SubElement(self.root, "style").text = STYLE
        self.card = ElementTree.SubElement(self.root, "rect", {"class": "card", "x": "0.5", "y": "0.5", "rx": "10"})
        self.bottom = float(PAD)

    def text(self, kind: str, x: float, y: float, text: str, anchor: str = "start") -> None:
        place = {"class": kind, "x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
        ElementTree.SubElement(self.root, "text", place).text = text

    def box(self, kind: str, x: float, y: float, width: float, height: float) -> None:
        size = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
        ElementTree.SubElement(self.root, "rect", {"class": kind, **size})

    def curve(self, points: list[tuple[float, float]]) -> None:
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        ElementTree.SubElement(self.root, "polyline", {"class": "curve", "points": places})

    def document(self, description: str) -> str:
        height = self.bottom + PAD
        self.name.text = description
        self.card.attrib.update(width=f"{WIDTH - 1}", height=f"{height - 1:.1f}")
        self.root.attrib.update(viewBox=f"0 0 {WIDTH} {height:.1f}", width=f"{WIDTH}", height=f"{height:.0f}")
        ElementTree.indent(self.root, "")
        return ElementTree.tostring(self.root, encoding="unicode") + "\n"


def wide(texts: list[str]) -> float:
    """As much as the longest takes."""
    return max(map(len, texts), default=0) * LETTER
