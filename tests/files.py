"""Files for the room of a page, and the ways in which people put them there."""

import base64
import io
from typing import Any

from PIL import Image
from playwright.sync_api import FilePayload, Page

MAKE_FILES = """(files) => {
  const transfer = new DataTransfer();
  for (const { name, type, data } of files) {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  return transfer;
}"""
PASTE = """(input, clipboardData) => {
  input.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def picture(width: int = 640, height: int = 360, is_noise: bool = False) -> bytes:
    made = Image.effect_noise((width, height), 200) if is_noise else Image.linear_gradient("L").resize((width, height))
    kept = io.BytesIO()
    made.convert("RGB").save(kept, "PNG")
    return kept.getvalue()


def file(name: str = "pump.png", kind: str = "image/png", data: bytes | None = None) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": picture() if data is None else data}


def attach(page: Page, *files: FilePayload) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach pictures, videos or sounds").click()
    chooser.value.set_files(list(files))


def transfer(page: Page, *files: FilePayload) -> Any:
    """What a paste or a drop brings along: a DataTransfer of the page, to be dispatched with the event."""
    sent = [
        {"name": each["name"], "type": each["mimeType"], "data": base64.b64encode(each["buffer"]).decode()}
        for each in files
    ]
    return page.evaluate_handle(MAKE_FILES, sent)
