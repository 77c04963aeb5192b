"""The papers say what the code does."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

import examplechannels.urls
import one.routing
import one.urls
import threechat.routing
import threechat.urls
import two.routing
import two.urls
from examplechannels import close_codes, logins, outlet, rechecks
from threechat import alarm_messages, directory, drafts, limits, messages, models, pins, rooms, roster
from threechat import history as threechat_history
from threechat.media import door, pictures, workshop
from threechat.media import views as media_views
from two import catalogue, feeds, history, latest, live, retention, samples, tokens
from two.alarms import evaluation, outbox, rules, webhooks, wire
from two.ingest import socket as ingest_socket

ROOT = Path(__file__).resolve().parent.parent
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
README = (ROOT / "README.md").read_text()
PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_socket_path_is_documented() -> None:
    for app in (one, two, threechat):
        for route in app.routing.websocket_urlpatterns:
            path = str(route.pattern).replace("<str:room>", "<room>")
            assert f"`{path}`" in PROTOCOL, path


def test_every_page_is_documented() -> None:
    for pattern in page_paths():
        assert re.search(f"[` ]{re.escape(pattern)}", PROTOCOL), pattern


def page_paths() -> list[str]:
    modules = (examplechannels.urls, one.urls, two.urls, threechat.urls)
    own = [pattern for module in modules for pattern in module.urlpatterns]
    patterns = [re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", str(pattern.pattern)).strip("^$") for pattern in own]
    paths = ["/" + re.sub("<str:(.*?)>", r"<\1>", pattern) for pattern in patterns]
    return [path for path in paths if not path.startswith(("/favicon", "/i18n", "/two/readings"))]


def test_every_error_code_is_documented_and_no_other() -> None:
    source = "".join(path.read_text() for path in (ROOT / "threechat").rglob("*.py") if "tests" not in path.parts)
    used = set(re.findall(r'ClientError\(\s*"([a-z-]+)"', source))
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", PROTOCOL, re.MULTILINE))
    assert used == documented


def test_every_error_code_of_readings_is_documented_and_no_other() -> None:
    source = "".join(path.read_text() for path in [*(ROOT / "two").glob("*.py"), *(ROOT / "two/ingest").glob("*.py")])
    used = set(re.findall(r'(?:BadReading|Refused|BadQuery|refusal)\(\s*(?:\d+,\s*)?"([a-z0-9-]+)"', source))
    [told] = re.findall(r"^\*\*Codes\*\* of errors about readings: (.*?)\.$", PROTOCOL, re.MULTILINE | re.DOTALL)
    assert used == set(re.findall(r"`([a-z0-9-]+)`", told))


def test_every_error_code_of_files_is_documented_and_no_other() -> None:
    told = {code: int(status) for status, code in re.findall(r"^\| (\d+) `([a-z-]+)` \|", PROTOCOL, re.MULTILINE)}
    assert told == {"log-in": 401, "not-a-member": 403, "not-stored": 503, **media_views.STATUSES}


def test_every_key_of_a_frame_is_documented() -> None:
    for frame in (
        messages.MessageFrame,
        drafts.ErrorFrame,
        messages.About,
        messages.AlarmInfo,
        pins.Pin,
        pins.PinMessage,
        pins.PinEvent,
        pins.UnpinEvent,
        wire.AlarmFrame,
        wire.Acknowledged,
        roster.PresenceFrame,
        messages.MediaInfo,
        messages.DeletedFrame,
        messages.RoomFrame,
        directory.RoomsFrame,
        directory.ListedRoom,
        directory.LastLine,
        threechat_history.HistoryPage,
        feeds.ReadingFrame,
        history.Series,
        latest.LatestDevice,
        latest.LatestMetric,
    ):
        for key in frame.__annotations__:
            assert f'"{key}"' in PROTOCOL, (frame.__name__, key)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (settings.MAX_FRAME_BYTES, "| 64 KiB |"),
        (settings.MAX_BODY_BYTES, "| 4 MiB |"),
        (outlet.MAX_BACKLOG_FRAMES, "| 64, or"),
        (outlet.MAX_BACKLOG_CHARACTERS, "or 128 Ki characters"),
        (int(outlet.BLOCKED_SECONDS), "| 10 s |"),
        (close_codes.TOO_SLOW, "| 4408 |"),
        (close_codes.TOO_MANY, "| 4429 |"),
        (limits.BURST_FRAMES, "more than 30 frames at once"),
        (limits.ADDRESS_BURST_FRAMES, "1,000 or 200 by one address"),
        (limits.ADDRESS_FRAMES_PER_SECOND, "or 200 by one address"),
        (limits.BURST_ROOMS, "more than 100 new rooms"),
        (int(limits.ROOM_SECONDS), "or one in 5 s"),
        (models.MAX_CLIENT_ID_CHARACTERS, "at most 64 characters"),
        (directory.MAX_UNREAD, "counts to 100"),
        (int(directory.LOOK_SECONDS), "within 2 s of a change"),
        (threechat_history.PAGE_MESSAGES, "(50, at most 200)"),
        (threechat_history.MAX_PAGE_MESSAGES, "at most 200)"),
        (close_codes.NOT_A_MEMBER, "| 4403 |"),
        (limits.FRAMES_PER_SECOND, "or 10 a second"),
        (limits.MAX_REFUSALS, "after 100 in a row"),
        (drafts.MAX_TEXT_CHARACTERS, "4,000 characters"),
        (pins.MAX_TEXT_CHARACTERS, "at\nmost 200 characters"),
        (pins.MAX_SCANNED, "latest\n20,000 pins"),
        (pins.MAX_SHOWN, "at most 2,000"),
        (wire.MAX_ALARMS, "then the latest, 500 at most"),
        (int(alarm_messages.PAUSE.total_seconds()), "one message in 60 s of each rule"),
        (rooms.MAX_NAME_CHARACTERS, "1-80 characters"),
        (roster.MAX_USERS, "up to 50 names"),
        (samples.MAX_BATCH_READINGS, "at most 10,000 readings"),
        (live.MAX_FRAME_READINGS, "at most 1,000 readings"),
        (ingest_socket.MAX_UNANSWERED, "After 64 unanswered"),
        (int(ingest_socket.TOKEN_SECONDS), "within 10 s, which"),
        (int(tokens.KEEP_SECONDS), "a revoked one ends within\n10 s"),
        (tokens.READINGS_PER_SECOND["device"], "may write 2,000 readings a second"),
        (tokens.BURST_READINGS["device"], "(50,000 at once)"),
        (tokens.READINGS_PER_SECOND["site"], "a site's 100,000"),
        (tokens.BURST_READINGS["site"], "(500,000 at once)"),
        (tokens.BURST_WRONG, "after 20 wrong tokens"),
        (catalogue.MAX_DEVICES, "| 10,000 devices |"),
        (catalogue.MAX_METRICS, "| 1,000 |"),
        (history.MAX_SERIES, "at most 200 series"),
        (history.MAX_ANSWER_POINTS, "and 200,000 points"),
        (history.MAX_POINTS, "(1-5,000)"),
        (settings.RAW_DAYS, "Raw readings are kept for 30 days"),
        (settings.MAX_UPLOAD_BYTES, "| 32 MiB (`MAX_UPLOAD_MB`) |"),
        (settings.MEDIA_QUOTA_BYTES, "| 200 MiB (`MEDIA_QUOTA_MB`) |"),
        (settings.MEDIA_TOTAL_BYTES // 1024, "| 10 GiB (`MEDIA_TOTAL_MB`)"),
        (door.BURST_UPLOADS, "| 30 at once, then"),
        (int(door.UPLOAD_SECONDS), "one in 5 s; 30 under way |"),
        (door.UPLOADS_AT_ONCE, "30 under way |"),
        (rules.MAX_RULES_OF_DEVICE, "| alarm rules of a device, of a site | 100;"),
        (rules.MAX_RULES, "of a site | 100; 10,000 |"),
        (evaluation.MAX_UNTOLD, "since it last spoke | 20 |"),
        (outbox.MAX_WAITING, "| 1,000 messages |"),
        (outbox.MAX_ATTEMPTS, "after 8 attempts"),
        (int(outbox.MAX_AGE_SECONDS) // 3600, "that fails after 2 hours"),
        (int(outbox.MAX_RETRY_AFTER_SECONDS) // 60, "(30 minutes at most)"),
        (int(webhooks.ATTEMPT_SECONDS), "2xx within 10 s"),
        (retention.DELIVERY_DAYS, "keeps them for 30 days"),
        (logins.BURST_OF_ADDRESS, "/64 network) | 10 at once,"),
        (int(logins.SECONDS_OF_ADDRESS), "10 at once, then one in 30 s"),
        (logins.BURST_OF_NAME, "by a name | 30 at once,"),
        (int(logins.SECONDS_OF_NAME), "30 at once, then one in 10 s"),
        (int(rechecks.RECHECK_SECONDS), "within\n  30 s when the session expires"),
        (workshop.MAX_WAITING, "| uploads waiting to be processed | 32 |"),
        (models.MAX_TITLE_CHARACTERS, "direction characters, at most 100 characters"),
        (pictures.MAX_SIDE, "at most 2,560 pixels wide"),
        (pictures.THUMBNAIL_SIDE, "Larger than 480 pixels"),
        (pictures.MAX_PIXELS["JPEG"] // 10**6, "A JPEG has at most 50 megapixels"),
        (pictures.MAX_PIXELS["PNG"] // 10**6, "PNG, GIF and WebP at most\n25,"),
        (pictures.MAX_FRAMES, "at most 1,000 frames"),
        (pictures.MAX_ANIMATION_PIXELS // 10**6, "of 50 megapixels together"),
    ],
)
def test_every_limit_is_documented(number: int, says: str) -> None:
    assert says in PROTOCOL
    digits = {number, number // 1024, number // 1024 // 1024}
    assert any(f"{digit:,}" in says or str(digit) in says for digit in digits if digit)


def test_the_readme_tells_the_lines_of_each_consumer() -> None:
    for path, told in re.findall(r"\]\((\w+/consumers\.py)\) \| (\d+) \|", README):
        assert int(told) == len((ROOT / path).read_text().splitlines()), path


def test_every_setting_is_told() -> None:
    source = (ROOT / "examplechannels" / "settings.py").read_text() + (
        ROOT / "examplechannels" / "environment.py"
    ).read_text()
    read = set(re.findall(r'environment\.\w+\("([A-Z_]+)"', source)) | set(
        re.findall(r'environ\.get\("([A-Z_]+)"', source)
    )
    assert {name for name in read if f"| `{name}` |" not in README} == set()


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_file_and_target_that_a_paper_names_exists(paper: Path) -> None:
    text = paper.read_text()
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (paper.parent / link).exists(), link
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)[`\s]", " ".join(re.findall(r"`make [^`]+`", text)))) <= targets


@pytest.mark.django_db
def test_the_pages_have_the_ids_that_other_peoples_scripts_use(client: Client) -> None:
    expected = {
        "/one/": ["one"],
        "/two/": ["iot-chart"],
        "/chat/": ["room-name-input", "room-name-submit"],
        "/chat/room1/": ["chat-log", "chat-message-input", "chat-message-submit"],
    }
    for path, ids in expected.items():
        page = client.get(path).content.decode()
        assert all(f'id="{name}"' in page for name in ids), path
