"""A page in a real Chromium, on the load's core, and what Chromium says of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import CDPSession, Page, async_playwright

from tests import chromium

from .servers import HOST, Server

WIDTH, HEIGHT = 1440, 1600
"""Pixels; every chart of the scenarios is in view."""
LIVE_MS = 15_000
LIVE = ".lamp[data-state=open]"
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
    """`task_s`: seconds that the main thread was busy until `at_s` (Chromium's clock); heap after a collection."""

    at_s: float
    task_s: float
    script_s: float
    heap_bytes: float
    nodes: float
    listeners: float


class Watched:
    """One page."""

    def __init__(self, page: Page, devtools: CDPSession) -> None:
        self.page = page
        self._devtools = devtools

    async def frames(self) -> list[tuple[float, str]]:
        """What `NOTE_FRAMES` has noted since the last call."""
        noted: list[tuple[float, str]] = await self.page.evaluate("benchFrames.splice(0)")
        return noted

    async def usage(self) -> Usage:
        answer = await self._devtools.send("Performance.getMetrics")
        found = {metric["name"]: metric["value"] for metric in answer["metrics"]}
        return Usage(
            found["Timestamp"],
            found["TaskDuration"],
            found["ScriptDuration"],
            found["JSHeapUsedSize"],
            found["Nodes"],
            found["JSEventListeners"],
        )

    async def collect_garbage(self) -> None:
        await self._devtools.send("HeapProfiler.collectGarbage")


@asynccontextmanager
async def open_page(server: Server, path: str, notes_frames: bool) -> AsyncIterator[Watched]:
    """`path` of `server`, once its socket is open.

    Raises:
        RuntimeError: there is no Chromium.
    """
    found = chromium.find()
    if found is None:
        raise RuntimeError("no Chromium: run `python -m tests.chromium`, or set CHROMIUM to its path")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            page = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            if notes_frames:
                await page.add_init_script(NOTE_FRAMES)
            devtools = await page.context.new_cdp_session(page)
            await devtools.send("Performance.enable")
            await page.goto(f"http://{HOST}:{server.port}{path}")
            await page.wait_for_selector(LIVE, timeout=LIVE_MS)
            yield Watched(page, devtools)
        finally:
            await browser.close()
