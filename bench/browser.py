"""A page in a real Chromium, on the load's core, and what Chromium says of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, CDPSession, Page, async_playwright

from tests import chromium
from tests.browser import LIVE

from . import kernel
from .servers import HOST, Server

WIDTH, HEIGHT = 1440, 1600
"""Pixels; every chart of the scenarios is in view."""
LIVE_MS = 15_000
NOTE_FRAMES = """
globalThis.benchFrames = [];
globalThis.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address);
    this.addEventListener("message", ({ data }) => {
      benchFrames.push([performance.timeOrigin + performance.now(), data]);
    });
  }
};
"""
"""Notes each frame before the page sees it, in the page's own thread: [Unix ms, text]."""


@dataclass(frozen=True)
class Usage:
    """`task_s`: seconds that the main thread was busy until `at_s` (Chromium's clock).

    `process_bytes`: resident memory of the page's process, which holds what the heap does not.
    """

    at_s: float
    task_s: float
    script_s: float
    heap_bytes: float
    process_bytes: int
    nodes: float
    listeners: float


class Watched:
    """One page."""

    def __init__(self, page: Page, devtools: CDPSession, pid: int) -> None:
        self.page = page
        self.pid = pid
        self._devtools = devtools

    async def frames(self) -> list[tuple[float, str]]:
        """What `NOTE_FRAMES` has noted since the last call."""
        noted: list[tuple[float, str]] = await self.page.evaluate("benchFrames.splice(0)")
        return noted

    async def count(self, selector: str) -> int:
        return await self.page.locator(selector).count()

    async def usage(self) -> Usage:
        answer = await self._devtools.send("Performance.getMetrics")
        found = {metric["name"]: metric["value"] for metric in answer["metrics"]}
        return Usage(
            found["Timestamp"],
            found["TaskDuration"],
            found["ScriptDuration"],
            found["JSHeapUsedSize"],
            kernel.rss_bytes(self.pid),
            found["Nodes"],
            found["JSEventListeners"],
        )

    async def collect_garbage(self) -> None:
        await self._devtools.send("HeapProfiler.collectGarbage")


async def renderer_of(browser: Browser) -> int:
    """The process of the one page; the largest, for Chromium keeps a spare one."""
    devtools = await browser.new_browser_cdp_session()
    answer = await devtools.send("SystemInfo.getProcessInfo")
    await devtools.detach()
    renderers = [int(process["id"]) for process in answer["processInfo"] if process["type"] == "renderer"]
    return max(renderers, key=kernel.rss_bytes)


@asynccontextmanager
async def chromium_open() -> AsyncIterator[Browser]:
    """A Chromium without pages.

    Raises:
        RuntimeError: there is no Chromium.
    """
    found = chromium.find()
    if found is None:
        raise RuntimeError("no Chromium: run `python -m tests.chromium`, or set CHROMIUM to its path")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_page(server: Server, path: str, notes_frames: bool, script: str = "") -> AsyncIterator[Watched]:
    """`path` of `server` in a Chromium of its own, once its socket is open; `script` runs before the page's own."""
    async with chromium_open() as browser:
        page = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        if notes_frames:
            await page.add_init_script(NOTE_FRAMES)
        if script:
            await page.add_init_script(script)
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("Performance.enable")
        await page.goto(f"http://{HOST}:{server.port}{path}")
        await page.wait_for_selector(LIVE, timeout=LIVE_MS)
        yield Watched(page, devtools, await renderer_of(browser))
