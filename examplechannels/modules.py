"""Which ES modules a page's entry module needs, so that the page can name them all at once."""

import posixpath
import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

# `import … from "./x.js"`, `export … from "./x.js"`, `import "./x.js"`, each at the beginning of a line.
FROM = re.compile(r"""^(?:import|export)\b(?:[^'";]*?\bfrom)?\s*["'](\.[^'"]+)["']""", re.MULTILINE)


def modules_of(entry: str) -> list[str]:
    """The names under /static/ of all modules that `entry` imports, directly or not; without itself, nearest first.

    Raises:
        FileNotFoundError: one of them is not among the static files.
    """
    return _read_all(entry) if settings.DEBUG else _remembered(entry)


def _read_all(entry: str) -> list[str]:
    found = [entry]
    for name in found:  # grows meanwhile
        found.extend(imported for imported in _imports_of(name) if imported not in found)
    return found[1:]


_remembered = cache(_read_all)


def _imports_of(name: str) -> list[str]:
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(f"no such static file: {name}")
    folder = posixpath.dirname(name)
    specifiers = dict.fromkeys(FROM.findall(Path(path).read_text()))
    return [posixpath.normpath(posixpath.join(folder, specifier)) for specifier in specifiers]
