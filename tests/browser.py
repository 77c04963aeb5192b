"""What tests in a real Chromium share; the fixtures are in conftest.py."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.servers import wait_until

LIVE = ".lamp[data-state=open]"
"""A page's socket is open."""
AWAY = ".pill"
"""It is not: the notice that says why."""

NewPage = Callable[..., Page]


def until(page: Page, expression: str, timeout: int = 5000) -> None:
    """Asks again and again; Playwright's own way needs `eval`, which the pages' policy forbids."""
    wait_until(lambda: bool(page.evaluate(expression)), timeout / 1000, expression)


def open_live(page: Page, url: str) -> Page:
    page.goto(url)
    page.wait_for_selector(LIVE)
    return page
