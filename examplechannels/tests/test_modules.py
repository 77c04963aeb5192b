from pathlib import Path

import pytest
from pytest_django import Settings

from examplechannels.modules import modules_of


@pytest.fixture
def write(tmp_path: Path, settings: Settings) -> Path:
    settings.DEBUG = True  # nothing is remembered
    settings.STATICFILES_DIRS = [tmp_path]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    (tmp_path / "js/models").mkdir(parents=True)
    return tmp_path / "js"


def test_all_that_is_imported_is_found_once_in_whatever_way_it_is_imported(write: Path) -> None:
    (write / "page.js").write_text(
        'import {\n  a,\n} from "./a.js";\nimport "./models/b.js";\nexport { c } from "./c.js";\n// import "./no.js";\n'
    )
    (write / "a.js").write_text('import { b } from "./models/b.js";\nconst text = \'import "./neither.js"\';\n')
    (write / "models/b.js").write_text('import * as a from "../a.js";\n')
    (write / "c.js").write_text("export const c = 1;\n")
    assert modules_of("js/page.js") == ["js/a.js", "js/models/b.js", "js/c.js"]


def test_a_module_that_is_not_there_is_named(write: Path) -> None:
    (write / "page.js").write_text('import { a } from "./gone.js";\n')
    with pytest.raises(FileNotFoundError, match=r"js/gone\.js"):
        modules_of("js/page.js")
