"""docs/tutorial.md: what it shows is what there is, and its fourth app works as it is written there."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from docs.included import CODE, ROOT, TABLE, TUTORIAL, code, filled
from tests.browser import NewPage, open_live, until
from tests.servers import START_SECONDS, Process, free_port, new_folder, running, wait_until

TEXT = TUTORIAL.read_text()
FILES = re.compile(r"^```(?P<kind>\w+) (?P<path>[\w/.]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "node_modules", "var", "bench", "tests", "__pycache__", ".*_cache")


def test_what_it_shows_by_name_is_what_the_files_say() -> None:
    assert len(CODE.findall(TEXT)) > 5
    assert len(TABLE.findall(TEXT)) == 1
    assert filled(TEXT) == TEXT, "run `make fix`"


def test_a_piece_that_changed_or_went_is_noticed() -> None:
    fence = "```python one/consumers.py: {}\n{}```"
    right = code("one/consumers.py", "OneConsumer.word")
    assert filled(fence.format("OneConsumer.word", "old\n")) == fence.format("OneConsumer.word", right)
    assert code("one/consumers.py", "OneConsumer.word", "1") == right.splitlines()[0] + "\n    …\n"
    with pytest.raises(LookupError):
        filled(fence.format("OneConsumer.gone", ""))
    with pytest.raises(LookupError):
        filled("<!-- benchmarks.md: gone -->\n<!-- end -->")


@pytest.mark.browser
@pytest.mark.server
def test_its_fourth_app_works_in_two_tabs(new_page: NewPage) -> None:
    project = new_folder() / "project"
    shutil.copytree(ROOT, project, ignore=NOT_COPIED)
    (project / "node_modules").symlink_to(ROOT / "node_modules")
    for found in FILES.finditer(TEXT):
        path, text = project / found["path"], found["text"]
        write(path, changed(path.read_text(), text) if found["kind"] == "diff" else text)
    port = free_port()
    command = [sys.executable, "manage.py", "runserver", "--noreload", "--migrate", f"127.0.0.1:{port}"]
    env = {"DATA_DIR": str(project / "var"), "DJANGO_SETTINGS_MODULE": "examplechannels.settings"}
    server = Process(command, env, project.parent / "log", cwd=project)
    with running(server):
        wait_until(lambda: "Starting ASGI" in server.output, START_SECONDS, "it does not start")
        first = new_page()
        pages = [first, new_page(like=first)]
        for page in pages:
            open_live(page, f"http://127.0.0.1:{port}/four/")
        for page, claps in zip(pages, ("1", "2"), strict=True):
            page.get_by_role("button", name="Clap").click()
            for each in pages:
                until(each, f"document.querySelector('output').value === '{claps}'")


def changed(text: str, diff: str) -> str:
    """The text with each line that "+" puts behind the one above it."""
    lines, at = text.splitlines(), 0
    for line in diff.splitlines():
        if line.startswith("+"):
            at += 1
            lines.insert(at, line[1:])
        else:
            at = lines.index(line[1:])
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
