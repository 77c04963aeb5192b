"""Puts the code and the tables that docs/tutorial.md shows by name into it: `python -m docs.included`.

A fence that begins with "python one/consumers.py: OneConsumer.connect" holds that definition, one that ends in "[:6]"
its first six lines. A comment "<!-- benchmarks.md: title -->" is followed by that section's picture and table.
"""

import ast
import re
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = ROOT / "docs/tutorial.md"
CODE = re.compile(
    r"^(?P<head>```python (?P<path>[\w/.]+): (?P<name>[\w.]+)(?:\[:(?P<lines>\d+)\])?\n)(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
TABLE = re.compile(
    r"^(?P<head><!-- (?P<path>[\w.]+): (?P<title>.+) -->\n)(?P<table>.*?)^<!-- end -->$", re.MULTILINE | re.DOTALL
)


def filled(text: str) -> str:
    """The same text, with all that it shows by name as it is now.

    Raises:
        LookupError: there is nothing of such a name.
    """
    text = CODE.sub(lambda found: f"{found['head']}{code(found['path'], found['name'], found['lines'])}```", text)
    return TABLE.sub(lambda found: f"{found['head']}{section(found['path'], found['title'])}<!-- end -->", text)


def code(path: str, name: str, lines: str | None = None) -> str:
    """A definition without the indentation it has in its file; shortened to so many lines, if any."""
    source = (ROOT / path).read_text()
    node: ast.AST = ast.parse(source)
    for part in name.split("."):
        node = child(node, part)
    found = dedent(" " * getattr(node, "col_offset", 0) + (ast.get_source_segment(source, node) or "")).splitlines()
    if lines and int(lines) < len(found):
        found = [*found[: int(lines)], "    …"]
    return "\n".join(found) + "\n"


def child(node: ast.AST, name: str) -> ast.AST:
    for found in ast.iter_child_nodes(node):
        targets = found.targets if isinstance(found, ast.Assign) else [found]
        if any(name in (getattr(target, "name", ""), getattr(target, "id", "")) for target in targets):
            return found
    raise LookupError(name)


def section(path: str, title: str) -> str:
    """The picture and the table of a measured section."""
    found = re.search(
        rf"^### {re.escape(title)}\n\n(!\[.*?\n)\n((?:\|.*\n)+)", (TUTORIAL.parent / path).read_text(), re.MULTILINE
    )
    if found is None:
        raise LookupError(title)
    return f"\n{found[1]}\n{found[2]}\n"


def fill() -> None:
    TUTORIAL.write_text(filled(TUTORIAL.read_text()))


if __name__ == "__main__":
    fill()
