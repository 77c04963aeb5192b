from pathlib import Path

import pytest
from django.core.management import CommandError

from examplechannels.bundles import bundle
from examplechannels.static_files import NODE_MODULES


def write(folder: Path, **files: str) -> list[str]:
    """Files by name, of which the pages' stand in `pages/`."""
    (folder / "js/pages").mkdir(parents=True)
    names = [f"js/pages/{name}.js" if name.startswith("page") else f"js/{name}.js" for name in files]
    for name, text in zip(names, files.values(), strict=True):
        (folder / name).write_text(text)
    return names


def test_a_page_and_all_that_it_imports_is_one_file(tmp_path: Path) -> None:
    names = write(
        tmp_path,
        page='import { greet } from "../greeting.js";\ngreet();',
        greeting='import { text } from "./words.js";\nexport const greet = () => console.log(text);',
        words='export const text = "Grüße";',
        alone='console.log("not of this page");',
    )
    assert bundle(NODE_MODULES, tmp_path, names) == ["bundles/page.js", "bundles/page.js.map"]
    made = (tmp_path / "bundles/page.js").read_text()
    assert "Grüße" in made
    assert "import" not in made
    assert "not of this page" not in made
    assert "greeting.js" in (tmp_path / "bundles/page.js.map").read_text()


def test_without_pages_nothing_is_made(tmp_path: Path) -> None:
    assert bundle(tmp_path / "nothing", tmp_path, ["css/a.css"]) == []


def test_a_missing_module_is_named(tmp_path: Path) -> None:
    names = write(tmp_path, page='import "../gone.js";')
    with pytest.raises(CommandError, match=r"gone\.js"):
        bundle(NODE_MODULES, tmp_path, names)


def test_a_missing_bundler_is_told(tmp_path: Path) -> None:
    names = write(tmp_path, page="")
    with pytest.raises(CommandError, match="npm ci"):
        bundle(tmp_path / "node_modules", tmp_path, names)
