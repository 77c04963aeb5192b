"""Draws the README's pictures from the running program: `python -m docs.pictures`, or `make screenshots`.

A server of its own, with a quarter of an hour of simulated devices and two people who talk.
"""

from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests import chromium
from tests.board import Board, now_ms
from tests.browser import open_live, until
from tests.chat_site import MEMBER, OTHER, ChatSite, chat_site, say
from tests.servers import new_token
from two.simulator.signals import PREFIX, values_of

FOLDER = Path(__file__).resolve().parent / "pictures"
DEVICES = ["boiler", "greenhouse", "freezer", "pump", "weather-station", "server-room"]
PAST_MS, STEP_MS = 15 * 60_000, 5_000
HOT_MS = 60_000
COLOURS = 128
PREPARE = """
from two.models import Device, Rule, Metric
for device in Device.objects.exclude(slug__in=["host", "random"]):
    device.name = device.slug.replace("-", " ").capitalize()
    device.save()
temperature = Metric.objects.get(device__slug="boiler", name="temperature")
Rule.objects.create(metric=temperature, kind="above", threshold=70)
"""


def send(board: Board, device: str, times: range, hotter: float = 0) -> None:
    """What the device measured at these times, its temperature raised by `hotter` K."""
    readings = []
    for at in times:
        if values := values_of(PREFIX + device, at):
            if hotter:
                values["temperature"] = round(values["temperature"] + hotter, 1)
            readings.append({"device": device, "ts": at, "values": values})
    board.send_all(readings)


def fill(site: ChatSite) -> None:
    """Devices with a past and names of their own, the boiler too hot by now."""
    token = new_token(site.folder)
    board = Board(site.folder, site.server, token)
    now = now_ms()
    for device in DEVICES:
        send(board, device, range(now - PAST_MS, now - HOT_MS, STEP_MS))
    site.run(PREPARE)
    for device in DEVICES:
        send(board, device, range(now - HOT_MS, now, STEP_MS), hotter=14 if device == "boiler" else 0)


def keep(page: Page, name: str) -> None:
    """As a file of few colours, in which nothing blinks."""
    drawn = Image.open(BytesIO(page.screenshot(animations="disabled", caret="hide")))
    drawn.convert("RGB").quantize(COLOURS).save(FOLDER / f"{name}.png", optimize=True)


def opened(browser: Browser, width: int, height: int) -> Page:
    return browser.new_context(viewport={"width": width, "height": height}, color_scheme="light").new_page()


def draw(site: ChatSite, browser: Browser) -> None:
    mia, ben = opened(browser, 1200, 760), opened(browser, 1440, 900)
    site.enter(mia, MEMBER, "lobby")
    site.enter(ben, OTHER, "lobby")
    say(mia, "Has anybody looked at the boiler?")
    say(ben, "On my way.")
    say(mia, "It was at 62 all morning, now it climbs.")
    until(mia, "document.querySelectorAll('.message[data-state=sent]').length === 2")
    keep(mia, "room")
    fill(site)
    open_live(ben, f"{site.url}/two/device/boiler/?window=15m")
    until(ben, "document.querySelector('[data-part=alarms]') && !document.querySelector('[data-part=alarms]').hidden")
    say(ben, "The flap was shut. Open again.")
    keep(ben, "device")
    guest = opened(browser, 1280, 800)
    open_live(guest, f"{site.url}/two/?window=15m")
    keep(guest, "two")
    guest.set_viewport_size({"width": 1200, "height": 760})
    for name, path in (("home", "/"), ("one", "/one/")):
        open_live(guest, site.url + path)
        keep(guest, name)


def main() -> None:
    path = chromium.find()
    if path is None:
        raise SystemExit("No Chromium: run `python -m tests.chromium`, or set CHROMIUM to its path.")
    with chat_site() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            draw(site, browser)
        finally:
            browser.close()


if __name__ == "__main__":
    main()
