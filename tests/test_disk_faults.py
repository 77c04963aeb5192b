"""A disk fills up: DATA_DIR with SQLite, files and the log, or PostgreSQL's (`make faults`)."""

import asyncio
import json
import os
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest

from tests.chat_page import CSRF, Browser
from tests.chat_workers import ChatWorkers
from tests.crowd import Crowd, crowd_at
from tests.disk import Disk, disk
from tests.forms import MULTIPART, file_form
from tests.postgres import Postgres, needs_postgres
from tests.senders import Senders
from tests.servers import HEAL_SECONDS, manage, new_folder, running

pytestmark = [pytest.mark.faults, pytest.mark.server]
PEOPLE = 3
FULL_SECONDS = 4
ANSWER_SECONDS = 11
ENOUGH = 300
SITE_MEGABYTES, TABLES_MEGABYTES = 48, 32
SMALL_BYTES, BIG_BYTES = 600_000, 5_000_000  # the latter do not stay in memory on their way in


def upload(url: str, room: str, browser: Browser, content: bytes) -> tuple[int, str]:
    """Status and the error's code."""
    headers = {**browser.cookies, "X-CSRFToken": CSRF, **MULTIPART}
    request = urllib.request.Request(f"{url}/chat/{room}/media/", file_form(content, "a.wav"), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())["error"]["code"]


def sound(size: int) -> bytes:
    """That no disk makes smaller."""
    return b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEfmt " + os.urandom(size - 16)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def fills_up_and_heals(small: Disk, site: ChatWorkers, crowd: Crowd, senders: Senders) -> None:
    """While it is full next to nothing is stored, and the server answers; when there is space all goes on."""
    [server] = site.servers
    small.fill()
    await asyncio.sleep(FULL_SECONDS / 2)  # there is room in files that are there already
    small.fill()
    before = senders.count()
    await asyncio.sleep(FULL_SECONDS / 2)
    assert senders.count() - before < ENOUGH / 2, "there was room left"
    assert server.status("/livez") == 200
    assert server.status("/two/readings/?minutes=1") == 200  # what is there can be read
    small.free()
    began, before = time.monotonic(), senders.count()
    await senders.until(before + ENOUGH, HEAL_SECONDS)
    await crowd.until_echoes(0, 1)
    assert time.monotonic() - began < HEAL_SECONDS
    assert senders.slowest < ANSWER_SECONDS


async def assert_nothing_lost(site: ChatWorkers, crowd: Crowd, senders: Senders) -> None:
    senders.assert_all_there_once(site.ledger)
    await crowd.fall_silent()
    await crowd.until_confirmed()
    await crowd.assert_nothing_lost_or_doubled()
    assert "Traceback" not in site.servers[0].output, site.servers[0].output[-3000:]


async def test_a_full_disk_under_the_site_acknowledges_nothing_and_heals_when_there_is_space() -> None:
    """With SQLite and the log on it."""
    with disk(SITE_MEGABYTES) as small:
        site = ChatWorkers(1, folder=small.folder)
        with running(site):
            async with crowd_at(site, PEOPLE) as crowd:
                async with Senders(site.url(0), site.token, each=1, pause_seconds=0.05) as senders:
                    crowd.talk()
                    await senders.until(ENOUGH)
                    await crowd.until_echoes(0, 5)
                    await fills_up_and_heals(small, site, crowd, senders)
                await assert_nothing_lost(site, crowd, senders)


@needs_postgres
async def test_a_full_disk_under_postgresql_acknowledges_nothing_and_heals_when_there_is_space() -> None:
    postgres = Postgres(new_folder())
    with running(postgres), disk(TABLES_MEGABYTES) as small:
        tables = small.folder / "tables"
        tables.mkdir(mode=0o700)
        shutil.chown(tables, "nobody")
        with psycopg.connect(postgres.url, autocommit=True) as owner:
            owner.execute(f"CREATE TABLESPACE small LOCATION '{tables}'".encode())
            owner.execute("ALTER DATABASE postgres SET default_tablespace = small")
        site = ChatWorkers(1, postgres)
        with running(site):
            async with crowd_at(site, PEOPLE) as crowd:
                async with Senders(site.url(0), site.token, each=1, pause_seconds=0.02) as senders:
                    crowd.talk()
                    await senders.until(ENOUGH)
                    await crowd.until_echoes(0, 5)
                    await fills_up_and_heals(small, site, crowd, senders)
                await assert_nothing_lost(site, crowd, senders)
        postgres.stop()  # before its disk goes


async def test_a_file_for_which_there_is_no_space_is_refused_and_leaves_nothing_behind() -> None:
    with disk(SITE_MEGABYTES) as small:
        temporary = small.folder / "tmp"
        temporary.mkdir()
        site = ChatWorkers(1, folder=small.folder, TMPDIR=str(temporary))
        with running(site):
            url, media = site.url(0), small.folder / "media"
            guest = await Browser.of_a_guest(url)
            assert upload(url, "files", guest, sound(BIG_BYTES)) == (201, "")
            kept = files(media)
            small.fill()
            assert upload(url, "files", guest, sound(SMALL_BYTES)) == (507, "no-space")
            assert upload(url, "files", guest, sound(BIG_BYTES)) == (503, "unavailable")  # the way in has no space
            assert files(media) == kept
            assert files(temporary) == []
            small.free()
            assert upload(url, "files", guest, sound(BIG_BYTES)) == (201, "")
            assert "Traceback" not in site.servers[0].output, site.servers[0].output[-3000:]


def test_a_secret_key_for_which_there_is_no_space_is_one_clear_line_and_no_half_key() -> None:
    with disk(1) as small:
        small.fill()
        done = manage("check", DATA_DIR=str(small.folder), SECRET_KEY="")
        assert done.returncode != 0
        assert "cannot keep a secret key: No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        assert [path.name for path in small.folder.iterdir()] == ["filling"]
        small.free()
        assert manage("check", DATA_DIR=str(small.folder), SECRET_KEY="").returncode == 0
