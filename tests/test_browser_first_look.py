"""The first seconds of a page: few files are asked for, and nothing jumps."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest

from tests.board import Board, now_ms
from tests.browser import LIVE, NewPage, open_live, until
from tests.proxy import Proxy
from tests.servers import Server, new_folder, new_token, prepare, running

pytestmark = [pytest.mark.browser, pytest.mark.server]
PAGES = ["/", "/one/", "/two/", "/two/device/random/", "/chat/", "/chat/room1/"]
STILL = ["/", "/two/", "/chat/room1/"]
PAINT_WITHIN_MS = 500
SHEETS = "document.querySelectorAll('link[rel=stylesheet]').length"
STYLED = f"{SHEETS} && document.styleSheets.length === {SHEETS}"
WATCH = """
globalThis.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries()) {
    shifts.push([value, ...sources.map(({ node }) => node?.outerHTML?.slice(0, 100))]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
NOTE_LAYOUTS = """
globalThis.layouts = [];
let chart;
Object.defineProperty(globalThis, "Chart", {
  get: () => chart,
  set(made) {
    if (made === chart) return; // it is set twice
    chart = made;
    const { update } = made.prototype;
    made.prototype.update = function (mode) {
      layouts.push({ mode, lines: this.data.datasets.length });
      return update.call(this, mode);
    };
  },
});
"""
"""A new chart lays itself out without a mode."""


@pytest.mark.parametrize("path", PAGES)
def test_in_production_a_page_asks_for_one_file_of_all_its_modules(
    server: Server, new_page: NewPage, path: str
) -> None:
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_live(page, server.url + path)
    ours = [url for url in asked if "/static/" in url and "/vendor/" not in url and url.endswith(".js")]
    if server.kind == "daphne":
        assert len(ours) > 5
        assert all("/static/js/" in url for url in ours)
        return
    [bundle] = ours
    assert "/static/bundles/" in bundle
    [debugged] = re.findall(r"sourceMappingURL=(.+)", page.request.get(bundle).text())
    shown = page.request.get(urljoin(bundle, debugged)).json()
    assert any(source.endswith("js/live.js") for source in shown["sources"])


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    """Three devices with a unit of their own each."""
    folder = new_folder()
    prepare(folder)
    token = new_token(folder)
    server = Server("uvicorn", folder, HOST_FEED="0")
    with running(server):
        board = Board(folder, server.wait_until_ready(), token)
        for metric in ("temperature", "humidity", "pressure"):
            board.send_past(f"{metric}-meter", range(now_ms() - 60_000, now_ms(), 5_000), metric)
        yield board


@pytest.mark.parametrize("path", STILL)
@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_jumps_while_a_page_comes_in(board: Board, new_page: NewPage, path: str, width: int) -> None:
    page = new_page(width=width)
    page.add_init_script(WATCH)
    with page.expect_websocket() as opened:
        page.goto(board.server.url + path)
    page.wait_for_selector(LIVE)
    opened.value.wait_for_event("framereceived")
    if path == "/two/":
        until(page, "document.querySelectorAll('.chart-panel').length === 4")
        until(page, "[...document.querySelectorAll('[data-part=min]')].every(({ textContent }) => textContent !== '–')")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("shifts") == []


@pytest.mark.parametrize(("path", "rest"), [("/two/", b'<a class="site-login"'), ("/chat/room1/", b"Send</button>")])
def test_nothing_is_painted_of_half_a_page(board: Board, new_page: NewPage, path: str, rest: bytes) -> None:
    front = Proxy(board.server.port)
    goes_on = front.pause_before("back", rest)
    page = new_page()
    page.add_init_script(WATCH)
    try:
        page.goto(front.url + path, wait_until="commit")
        until(page, STYLED)
        page.wait_for_timeout(PAINT_WITHIN_MS)  # there is nothing to await where nothing is to be seen
        assert page.evaluate("performance.getEntriesByType('paint')") == []
        goes_on.set()
        page.wait_for_selector(LIVE)
        assert page.evaluate("shifts") == []
    finally:
        goes_on.set()
        page.close()
        front.stop()


def test_a_chart_is_laid_out_with_its_lines_and_not_before(board: Board, new_page: NewPage) -> None:
    page = new_page()
    page.add_init_script(NOTE_LAYOUTS)
    open_live(page, board.server.url + "/two/")
    until(page, "layouts.filter(({ mode }) => mode === undefined).length === 4")
    assert page.evaluate("layouts.filter(({ lines }) => lines === 0)") == []


@pytest.mark.parametrize("path", ["/", "/one/"])
def test_a_long_word_moves_nothing(board: Board, new_page: NewPage, path: str) -> None:
    page = new_page()
    page.add_init_script(WATCH)
    open_live(page, board.server.url + path)
    page.evaluate("""() => {
      shifts.length = 0;
      const word = document.querySelector(".fit-word");
      word.textContent = "incomprehensibilities";
      word.style.setProperty("--chars", "21");
      return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    }""")
    assert [shift for shift in page.evaluate("shifts") if "fit-word" in str(shift)] == []


def test_what_scripts_would_place_is_shown_where_they_do_not_come(board: Board, new_page: NewPage) -> None:
    page = new_page()
    page.route(re.compile("/static/bundles/"), lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(board.server.url + "/two/")
    until(page, "getComputedStyle(document.querySelector('.charts')).visibility === 'visible'")
