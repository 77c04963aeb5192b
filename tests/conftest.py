"""Really started servers, one of each kind for all tests that only look."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser import NewPage
from tests.chromium import find
from tests.servers import Server, Valkey, new_folder, prepare, running


@pytest.fixture(scope="session")
def prepared() -> Path:
    """A data folder that is migrated and has its static files."""
    folder = new_folder()
    prepare(folder)
    return folder


@pytest.fixture(scope="session")
def daphne(prepared: Path) -> Iterator[Server]:
    server = Server("daphne", prepared)
    with running(server):
        yield server.wait_until_ready()


@pytest.fixture(scope="session")
def uvicorn(prepared: Path) -> Iterator[Server]:
    server = Server("uvicorn", prepared)
    with running(server):
        yield server.wait_until_ready()


@pytest.fixture(params=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest) -> Server:
    """The program on each of its servers."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path)
    with running(valkey):
        yield valkey


@pytest.fixture
def two_workers(prepared: Path, valkey: Valkey) -> Iterator[tuple[Server, Server]]:
    """Two workers of one site, each on a port of its own so that a test knows which one it talks to."""
    workers = [Server("uvicorn", prepared, REDIS_URL=valkey.url) for _ in range(2)]
    with running(*workers):
        yield workers[0].wait_until_ready(), workers[1].wait_until_ready()


@pytest.fixture(scope="module")  # its event loop must be gone before the async tests of other modules
def chromium() -> Iterator[Browser]:
    path = find()
    if path is None:
        pytest.fail("No Chromium: run `python -m tests.chromium`, or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        # A microphone that hums, for who is granted it.
        args = ["--no-sandbox", "--use-fake-device-for-media-stream"]
        browser = playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[NewPage]:
    """Opens pages, each of a person of its own. Errors in their consoles fail the test, unless a refusal is meant."""
    contexts, errors = [], []

    def note(message: ConsoleMessage, is_refused: bool) -> None:
        is_meant = "WebSocket connection to" in message.text or "status of 409" in message.text
        is_refusal = is_refused and message.text.startswith("Failed to load resource: ")
        if message.type in {"error", "warning"} and not is_meant and not is_refusal:
            errors.append(message.text)

    def new_page(width: int = 1440, like: Page | None = None, is_refused: bool = False, **options: object) -> Page:
        context = like.context if like else chromium.new_context(viewport={"width": width, "height": 800}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: note(message, is_refused))
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield new_page
    for context in contexts:
        context.close()
    assert errors == [], errors
