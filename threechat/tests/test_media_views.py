import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import AsyncClient
from PIL import Image
from pytest_django import Settings

from examplechannels.limits import Buckets
from tests.sockets import HOST, opened
from threechat.media import workshop
from threechat.media.receiving import under_way
from threechat.media.views import PICTURE_POLICY, PLAYER_POLICY, REFUSALS, STATUSES
from threechat.models import Media, Membership, Message, Room
from threechat.rooms import room_named
from threechat.storage import ReadOnly, delete_message
from threechat.tests.samples import MP3, file, picture, video

pytestmark = [pytest.mark.usefixtures("nothing_left"), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "media"


@pytest.fixture(autouse=True)
async def nothing_under_way() -> AsyncIterator[None]:
    yield
    assert not under_way


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def guest(room: str = "room1") -> AsyncClient:
    """Who has seen the room's page, and has a session from there."""
    client = AsyncClient()
    assert (await client.get(f"/chat/{quote(room)}/")).status_code == 200
    return client


async def account(name: str, **fields: Any) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(await User.objects.acreate(username=name, **fields))
    return client


async def send(client: AsyncClient, sent: Any = None, room: str = "room1", **fields: str) -> Any:
    form = {"file": sent or file(picture()), **fields}
    return await client.post(f"/chat/{quote(room)}/media/", form)


async def body(answer: Any) -> bytes:
    content = b"".join([part async for part in answer.streaming_content])
    await sync_to_async(answer.close)()
    return content


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


# Up


async def test_a_picture_becomes_a_message_that_everybody_in_the_room_gets() -> None:
    other, outsider = await opened("/ws/chat/room1/"), await opened("/ws/chat/room2/")
    client = await guest()
    answer = await send(client, file(picture(size=(600, 400))), client_id="id-1", username="mia")
    assert answer.status_code == 201
    frame = answer.json()
    assert await other.receive_json_from(timeout=5) == frame
    assert await outsider.receive_nothing()
    assert (frame["type"], frame["id"], frame["client_id"], frame["username"]) == ("image", 1, "id-1", "mia")
    info = frame["media"]
    assert (info["title"], info["width"], info["height"]) == ("cat.png", 600, 400)
    whole, thumbnail = await client.get(frame["message"]), await client.get(info["thumbnail"])
    content, small = await body(whole), await body(thumbnail)
    assert Image.open(BytesIO(content)).size == (600, 400)
    assert Image.open(BytesIO(small)).size == (480, 320)
    assert info["size"] == len(content) + len(small)
    for socket in (other, outsider):
        await socket.disconnect()


def moment(**changes: Any) -> dict[str, Any]:
    """Of the random feed, which every site has."""
    return {"device": "random", "metric": "value", "at": int(time.time() * 1000), **changes}


async def test_a_file_can_be_about_a_moment_as_a_text_can() -> None:
    socket, about = await opened("/ws/chat/room1/"), moment()
    answer = await send(await guest(), about=json.dumps(about))
    assert (answer.status_code, answer.json()["about"]) == (201, about)
    assert (await socket.receive_json_from(timeout=5))["about"] == about
    await socket.disconnect()


@pytest.mark.parametrize(
    "about",
    [
        "x",
        "7",
        "[" * 100_000,
        "{}",
        json.dumps(moment(at="now")),
        json.dumps(moment(at=1)),
        json.dumps(moment(metric="x")),
    ],
)
async def test_a_file_about_no_moment_is_refused_and_not_kept(folder: Path, about: str) -> None:
    assert code(await send(await guest(), about=about)) == (400, "bad-about")
    assert files(folder) == []
    assert not await Message.objects.aexists()


@pytest.mark.parametrize(
    ("sent", "kind", "content_type"),
    [
        (file(video(), "clip.webm", "video/webm"), "video", "video/webm"),
        (file(video(), "voice.webm", "audio/webm;codecs=opus"), "voice", "audio/webm"),
        (file(MP3 + bytes(500), "song.html", "text/html"), "voice", "audio/mpeg"),
        (file(picture("GIF"), "cat.html", "text/html"), "image", "image/png"),
    ],
)
async def test_a_file_is_served_as_what_it_is_not_as_what_it_is_called(sent: Any, kind: str, content_type: str) -> None:
    client = await guest()
    frame = (await send(client, sent)).json()
    assert frame["type"] == kind
    answer = await client.get(frame["message"])
    assert answer["Content-Type"] == content_type
    await body(answer)


async def test_what_is_only_copied_stays_as_it_is() -> None:
    client = await guest()
    content = video(200_000)
    frame = (await send(client, file(content, "clip.webm"))).json()
    assert await body(await client.get(frame["message"])) == content
    assert frame["media"] == {"title": "clip.webm", "width": None, "height": None, "thumbnail": None, "size": 200_000}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<!DOCTYPE html><script>alert(1)</script>", "cat.png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "cat.svg"),
        (b"MZ\x90\x00", "cat.exe"),
        (b"x", "cat.png"),
    ],
)
async def test_what_is_neither_picture_nor_video_nor_sound_is_refused(folder: Path, content: bytes, name: str) -> None:
    answer = await send(await guest(), file(content, name))
    assert code(answer) == (415, "unsupported-media")
    assert files(folder) == []


async def test_a_picture_that_is_none_is_refused(folder: Path) -> None:
    client = await guest()
    for content in (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", picture()[:60], b"GIF89a" + bytes(100)):
        assert code(await send(client, file(content))) == (400, "bad-image")
    huge = bytearray(picture("GIF"))
    huge[6:10] = b"\x50\xc3\x50\xc3"  # 50,000 x 50,000
    assert code(await send(client, file(bytes(huge)))) == (400, "too-many-pixels")
    assert files(folder) == []
    assert not await Message.objects.aexists()


async def test_nothing_comes_of_an_upload_without_a_file_or_with_too_much(settings: Settings) -> None:
    client = await guest()
    assert code(await client.post("/chat/room1/media/", {"client_id": "1"})) == (400, "no-file")
    assert code(await send(client, file(b""))) == (400, "no-file")
    settings.MAX_UPLOAD_BYTES = 100
    assert code(await send(client, file(bytes(101)))) == (413, "too-big")
    assert (await client.get("/chat/room1/media/")).status_code == 405
    assert (await send(client, room="a.b")).status_code == 404


async def test_who_has_no_session_is_sent_to_get_one() -> None:
    assert code(await send(AsyncClient())) == (401, "log-in")


async def test_without_djangos_token_nothing_is_taken() -> None:
    client = AsyncClient(enforce_csrf_checks=True)
    await client.get("/chat/room1/")
    assert (await send(client)).status_code == 403
    assert not await Media.objects.aexists()


async def test_the_same_client_id_is_stored_once(folder: Path) -> None:
    client = await guest()
    first, second = await send(client, client_id="id-1"), await send(client, client_id="id-1")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert await Message.objects.acount() == await Media.objects.acount() == len(files(folder)) == 1


async def test_the_same_client_id_twice_at_the_same_time_is_stored_once(folder: Path) -> None:
    client = await guest()
    answers = await asyncio.gather(*(send(client, client_id="id-1") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
    assert len({answer.json()["message"] for answer in answers}) == 1
    assert await Message.objects.acount() == await Media.objects.acount() == len(files(folder)) == 1


async def test_a_resend_of_what_was_deleted_meanwhile_is_settled_and_stores_nothing(folder: Path) -> None:
    client = await guest()
    frame = (await send(client, client_id="id-1")).json()
    room = await Room.objects.aget()
    await sync_to_async(delete_message)(room.pk, frame["id"])
    again = await send(client, client_id="id-1")
    assert (again.status_code, again.json()["id"], again.json()["message"]) == (200, frame["id"], "")
    assert files(folder) == []


async def test_somebody_elses_client_id_is_refused(folder: Path) -> None:
    await send(await guest(), client_id="id-1")
    assert code(await send(await guest(), client_id="id-1")) == (409, "client-id-taken")
    assert len(files(folder)) == 1


async def test_an_odd_client_id_is_none() -> None:
    client = await guest()
    assert "client_id" not in (await send(client, client_id="x" * 65)).json()
    assert (await send(client, client_id="a\x00b")).json()["client_id"] == "a\ufffdb"


async def test_a_guest_cannot_pass_for_an_account(folder: Path) -> None:
    await User.objects.acreate(username="mia")
    assert code(await send(await guest(), username="Mіa")) == (409, "name-taken")
    assert files(folder) == []


async def test_only_members_send_files_into_their_room(folder: Path) -> None:
    room = await Room.objects.acreate(name="members", members_only=True)
    member, outsider = await account("mia"), await account("otto")
    await Membership.objects.acreate(room=room, user=await User.objects.aget(username="mia"))
    assert code(await send(await guest(), room="members")) == (401, "log-in")
    assert code(await send(outsider, room="members")) == (403, "not-a-member")
    assert files(folder) == []
    assert (await send(member, room="members")).status_code == 201
    assert (await send(await account("sofia", is_staff=True), room="members")).status_code == 201


async def test_who_may_make_no_more_rooms_still_sends_files_into_those_that_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("threechat.posting.new_rooms", Buckets(1, 0.001))
    client = await guest()
    assert [(await send(client)).status_code for _ in range(2)] == [201, 201]
    assert code(await send(client, room="room2")) == (429, "too-fast")


async def test_nobody_sends_files_into_a_room_that_is_read_only(folder: Path) -> None:
    await Room.objects.acreate(name="room1", read_only=True)
    assert code(await send(await guest())) == (403, "read-only")
    assert files(folder) == []


async def test_who_reads_chinese_is_refused_in_chinese(settings: Settings) -> None:
    await Room.objects.acreate(name="closed", read_only=True)
    client = await guest()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    about = json.dumps({"device": "none", "metric": "none", "at": 1})
    refused = [await send(client, room="closed"), await send(client, about=about)]
    settings.MEDIA_QUOTA_BYTES = 1
    refused.append(await send(client))
    assert [code(answer)[1] for answer in refused] == ["read-only", "bad-about", "quota"]
    for answer in refused:
        assert re.search("[\u4e00-\u9fff]", answer.json()["error"]["detail"])


async def test_files_are_bounded_by_a_quota_also_while_they_are_on_their_way(settings: Settings, folder: Path) -> None:
    settings.MEDIA_QUOTA_BYTES = 2500
    client = await guest()
    answers = await asyncio.gather(*(send(client, file(video(1000))) for _ in range(4)))
    refused = [code(answer) for answer in answers if answer.status_code != 201]
    assert set(refused) == {(413, "quota")}
    assert 1 <= len(files(folder)) == 4 - len(refused) <= 2
    assert (await send(await guest(), file(video(1000)))).status_code == 201


async def test_a_room_that_is_renamed_meanwhile_gets_its_file_and_counts_as_no_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = await guest()
    assert (await send(client)).status_code == 201
    monkeypatch.setattr("threechat.posting.new_rooms", Buckets(0, 0.001))
    make = workshop.workshop.make

    async def make_slowly(*args: Any) -> Media:
        await Room.objects.filter(name="room1").aupdate(name="Hall", key=room_named("Hall").key)
        return await make(*args)

    monkeypatch.setattr(workshop.workshop, "make", make_slowly)
    assert (await send(client)).json()["id"] == 2
    assert (await Room.objects.aget()).name == "Hall"


async def test_what_cannot_be_stored_leaves_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await guest()

    def closed_meanwhile(*args: Any) -> None:
        raise ReadOnly

    monkeypatch.setattr("threechat.posting.store", closed_meanwhile)
    assert code(await send(client)) == (403, "read-only")
    assert files(folder) == []


async def test_where_the_database_is_away_it_is_said_to_send_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    client = await guest()

    def is_away(*args: Any) -> None:
        raise DatabaseError("database is locked")

    monkeypatch.setattr("threechat.media.receiving.check_quota", is_away)
    answer = await send(client)
    assert code(answer) == (503, "not-stored")
    assert answer["Retry-After"] == "1"


async def test_a_full_disk_is_said_to_send_it_again(tmp_path: Path) -> None:
    client = await guest()
    (tmp_path / "media").write_text("where the folder should be")
    assert code(await send(client)) == (503, "not-stored")
    (tmp_path / "media").unlink()


async def test_too_many_waiting_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "MAX_WAITING", 1)
    client = await guest()
    answers = await asyncio.gather(*(send(client, file(picture(size=(2000, 2000)))) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 503, 503]


async def test_who_hangs_up_has_sent_it_all_the_same(folder: Path) -> None:
    client = await guest()
    sending = asyncio.create_task(send(client, file(picture(size=(2500, 2500))), client_id="id-1"))
    while not under_way:
        await asyncio.sleep(0.001)
    sending.cancel()
    while under_way:
        await asyncio.sleep(0.01)
    assert await Message.objects.acount() == len(files(folder)) - 1 == 1  # and its thumbnail
    assert (await send(client, client_id="id-1")).status_code == 200


def test_every_refusal_has_a_status() -> None:
    assert {code for _kind, code, _detail in REFUSALS} <= STATUSES.keys()


async def test_a_file_is_named_to_be_read_not_to_be_run() -> None:
    client = await guest()
    name = '../<script>alert("1")\u202egnp\r\nX: y.html'
    answer = await client.get((await send(client, file(picture(), name))).json()["message"])
    await body(answer)
    disposition = answer["Content-Disposition"]
    assert disposition.startswith("inline; filename")
    assert disposition.strip('"').endswith(".png")
    assert not set("\r\n\u202e/") & set(disposition)


# Down


async def test_a_file_cannot_run_anything_where_it_is_opened() -> None:
    client = await guest()
    url = (await send(client)).json()["message"]
    answer = await client.get(url)
    await body(answer)
    for status, found in ((200, answer), (304, await client.get(url, headers={"If-None-Match": answer["ETag"]}))):
        assert found.status_code == status
        assert found["Content-Security-Policy"] == PICTURE_POLICY
        assert found["X-Content-Type-Options"] == "nosniff"
        assert found["Cache-Control"] == "private, no-cache"
        assert found["Cross-Origin-Resource-Policy"] == "same-origin"
    head = await client.head(url)
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", answer["Content-Length"])


@pytest.mark.parametrize("policy", [PICTURE_POLICY, PLAYER_POLICY])
def test_no_policy_lets_a_script_run(policy: str) -> None:
    directives = dict(each.strip().partition(" ")[::2] for each in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert "script-src" not in directives
    assert "allow-scripts" not in directives["sandbox"]


async def test_a_player_gets_the_part_that_it_asks_for() -> None:
    client = await guest()
    content = video(300_000)
    url = (await send(client, file(content, "clip.webm"))).json()["message"]
    for asked, first, end in (("bytes=0-1", 0, 2), ("bytes=100000-", 100_000, 300_000), ("bytes=-5", 299_995, 300_000)):
        answer = await client.get(url, headers={"Range": asked})
        assert answer.status_code == 206
        assert answer["Content-Range"] == f"bytes {first}-{end - 1}/300000"
        assert answer["Content-Length"] == str(end - first)
        assert answer["Accept-Ranges"] == "bytes"
        assert await body(answer) == content[first:end]
    beyond = await client.get(url, headers={"Range": "bytes=300000-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, "bytes */300000")
    changed = await client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"another"'})
    assert changed.status_code == 200
    assert await body(changed) == content


async def test_behind_nginx_a_file_is_named_instead_of_sent(settings: Settings) -> None:
    settings.MEDIA_ACCEL = "/protected-media/"
    await Room.objects.acreate(name="members", members_only=True)
    staff, outsider = await account("sofia", is_staff=True), await account("otto")
    url = (await send(staff, file(video(1000), "clip.webm"), room="members")).json()["message"]
    name = url.rpartition("/")[2]
    answer = await staff.get(url, headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["X-Accel-Redirect"] == f"/protected-media/{name[:2]}/{name}"
    assert (answer["Content-Type"], answer["Content-Security-Policy"]) == ("video/webm", PLAYER_POLICY)
    again = await staff.get(url, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.has_header("X-Accel-Redirect")) == (304, False)
    refused = await outsider.get(url)
    assert (refused.status_code, refused.has_header("X-Accel-Redirect")) == (404, False)


async def test_members_files_are_for_members() -> None:
    room = await Room.objects.acreate(name="members", members_only=True)
    member, outsider, staff = await account("mia"), await account("otto"), await account("sofia", is_staff=True)
    user = await User.objects.aget(username="mia")
    await Membership.objects.acreate(room=room, user=user)
    frame = (await send(member, file(picture(size=(600, 400))), room="members")).json()
    for url in (frame["message"], frame["media"]["thumbnail"]):
        for may in (member, staff):
            answer = await may.get(url)
            assert answer.status_code == 200
            await body(answer)
        for may_not in (outsider, AsyncClient(), await guest()):
            assert (await may_not.get(url)).status_code == 404
            assert (await may_not.head(url)).status_code == 404
    await Membership.objects.filter(user=user).adelete()
    assert (await member.get(frame["message"])).status_code == 404


async def test_a_deleted_messages_file_is_gone_at_once() -> None:
    client = await guest()
    answer = await send(client)
    frame = answer.json()
    kept = await client.get(frame["message"])
    await body(kept)
    room = await Room.objects.aget()
    await sync_to_async(delete_message)(room.pk, frame["id"])
    assert (await client.get(frame["message"])).status_code == 404
    assert (await client.get(frame["message"], headers={"If-None-Match": kept["ETag"]})).status_code == 404


async def test_a_file_that_is_missing_on_disk_is_not_found(folder: Path) -> None:
    client = await guest()
    url = (await send(client)).json()["message"]
    for path in folder.rglob("*.png"):
        path.unlink()
    assert (await client.get(url)).status_code == 404


@pytest.mark.parametrize(
    "name", ["..%2f..%2fsecret_key", f"{'0' * 32}.png", f"{'0' * 32}.html", "x", f"{'0' * 32}.png%00"]
)
async def test_no_other_path_leads_to_a_file(name: str) -> None:
    assert (await AsyncClient().get(f"/chat/media/{name}")).status_code == 404


async def test_somebody_elses_file_cannot_be_sent_as_ones_own() -> None:
    client = await guest()
    url = (await send(client)).json()["message"]
    thief = await opened("/ws/chat/room1/", origin=f"http://{HOST}")
    await thief.send_json_to({"type": "image", "media_url": url, "client_id": "id-9"})
    answer = json.loads(await thief.receive_from(timeout=5))
    assert (answer["type"], answer["code"]) == ("error", "upload-over-http")
    await thief.disconnect()
