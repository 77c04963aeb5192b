"""What a real browser records and pastes goes up, is understood, and is shown again."""

from typing import Any

import pytest

from tests.browser import NewPage
from tests.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]

RECORD = """async ({ kind, type }) => {
  const canvas = document.createElement("canvas");
  canvas.width = 320; canvas.height = 240;
  const ink = canvas.getContext("2d");
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const speaker = audio.createMediaStreamDestination();
  tone.connect(speaker); tone.start();
  const stream = kind === "voice" ? speaker.stream : canvas.captureStream(20);
  const recorder = new MediaRecorder(stream, { mimeType: type });
  const pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  const drawing = setInterval(() => {
    ink.fillStyle = `hsl(${Date.now() % 360} 80% 50%)`;
    ink.fillRect(0, 0, 320, 240);
  }, 30);
  recorder.start();
  await new Promise((done) => setTimeout(done, 1200));
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.stop();
  await stopped;
  clearInterval(drawing); tone.stop(); await audio.close();
  const form = new FormData();
  form.append("file", new Blob(pieces, { type }), "recorded");
  form.append("client_id", crypto.randomUUID());
  const headers = { "X-CSRFToken": document.cookie.match(/csrftoken=([^;]+)/)[1] };
  const answer = await fetch("/chat/media-room/media/", { method: "POST", body: form, headers });
  return [answer.status, await answer.json()];
}"""
PLAY = """async ({ url, kind }) => {
  const player = document.createElement(kind === "voice" ? "audio" : "video");
  player.src = url; player.muted = true;
  document.body.append(player);
  await new Promise((done, failed) => { player.onloadeddata = done; player.onerror = () => failed(player.error); });
  await player.play();
  await new Promise((done) => { player.ontimeupdate = () => player.currentTime > 0.2 && done(); });
  return player.currentTime;
}"""


def ready(new_page: NewPage, server: Server) -> Any:
    page = new_page()
    page.goto(f"{server.url}/accounts/login/")  # where Django's token comes from
    page.goto(f"{server.url}/chat/media-room/")
    return page


@pytest.mark.parametrize(
    ("kind", "mime"),
    [
        ("video", "video/webm"),
        ("voice", "audio/webm;codecs=opus"),
        ("video", "video/mp4"),
        ("voice", "audio/mp4"),
    ],
)
def test_what_a_browser_records_plays_again(new_page: NewPage, uvicorn: Server, kind: str, mime: str) -> None:
    page = ready(new_page, uvicorn)
    if not page.evaluate("(type) => MediaRecorder.isTypeSupported(type)", mime):
        pytest.skip(f"this browser does not record {mime}")
    status, frame = page.evaluate(RECORD, {"kind": kind, "type": mime})
    assert (status, frame["type"]) == (201, kind)
    assert page.evaluate(PLAY, {"url": frame["message"], "kind": kind}) > 0.2
    page.goto(f"{uvicorn.url}{frame['message']}")  # in a tab of its own
    page.wait_for_function("document.querySelector('video').readyState > 2")


def test_a_picture_opens_in_a_tab_of_its_own_and_nothing_runs_there(new_page: NewPage, uvicorn: Server) -> None:
    page = ready(new_page, uvicorn)
    url = page.evaluate("""async () => {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = 600;
      const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
      const form = new FormData();
      form.append("file", picture, "<script>alert(1)</script>.png");
      const headers = { "X-CSRFToken": document.cookie.match(/csrftoken=([^;]+)/)[1] };
      const answer = await fetch("/chat/media-room/media/", { method: "POST", body: form, headers });
      return (await answer.json()).message;
    }""")
    page.goto(f"{uvicorn.url}{url}")
    assert page.evaluate("document.images[0].naturalWidth") == 600
    assert page.evaluate("self.origin") == "null"
