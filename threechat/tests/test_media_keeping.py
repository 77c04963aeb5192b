import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser, User
from pytest_django import Settings

from threechat.media import files as media_files
from threechat.media.files import keep, new_stem, path_of
from threechat.media.keeping import GRACE_SECONDS, OverQuota, check_quota, sweep, visible_file
from threechat.media.workshop import title_of
from threechat.models import Media, Membership, Message, Room
from threechat.people import Person
from threechat.storage import delete_message

pytestmark = pytest.mark.django_db(transaction=True)
GUEST = Person("guest1", "guest-1", guest=True)
MEMBER = Person("member1", "mia", guest=False, user_id=1)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "media"


def uploaded(sender: str = "member1", size: int = 10, thumbnail: bool = False) -> Media:
    media = Media(name=f"{new_stem()}.png", kind="image", size=size, sender=sender, has_thumbnail=thumbnail)
    for name in media_files.names_of(media):
        keep(name, [b"x" * size])
    media.save()
    return media


def shown_in(room: Room, media: Media) -> Message:
    room.last_id += 1
    room.save()
    return Message.objects.create(
        room=room, number=room.last_id, kind="image", media=media, username="mia", sender="member1",
        sent_on=datetime.now(UTC),
    )  # fmt: skip


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


# On disk


def test_a_file_is_there_whole_or_not_at_all(folder: Path) -> None:
    def breaks_off() -> object:
        yield b"first"
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        keep(f"{new_stem()}.png", breaks_off())  # type: ignore[arg-type]
    assert files(folder) == []
    name = f"{new_stem()}.png"
    assert keep(name, [b"one", b"two"]) == 6
    assert path_of(name).read_bytes() == b"onetwo"
    assert path_of(name).parent.name == name[:2]


def test_a_name_is_never_used_twice() -> None:
    name = f"{new_stem()}.png"
    keep(name, [b"one"])
    path_of(name).with_name(f"{name}.part").touch()
    with pytest.raises(FileExistsError):
        keep(name, [b"two"])


@pytest.mark.parametrize(
    "name", ["../../secret_key", "a.png", f"{'a' * 32}.html", f"{'a' * 32}.png/../x", f"{'A' * 32}.png", ""]
)
def test_no_other_file_has_a_path(name: str) -> None:
    with pytest.raises(ValueError, match="no stored file"):
        path_of(name)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("cat.png", "cat.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\mia\\cat.png", "cat.png"),
        ("..", ""),
        ("<script>alert(1)</script>.png", "script>.png"),
        ("<script>.png", "<script>.png"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("a\x00b\r\nSet-Cookie: x\n.png", "abSet-Cookie: x.png"),
        ("\uff0e\uff0e\uff0fcat.png", "cat.png"),
        ("猫 " * 100, ("猫 " * 50).strip()),
    ],
)
def test_a_title_is_one_readable_line_without_folders(sent: str, shown: str) -> None:
    assert title_of(sent) == shown


# Quota


def test_a_person_keeps_no_more_than_the_quota(settings: Settings) -> None:
    settings.MEDIA_QUOTA_BYTES, settings.MEDIA_TOTAL_BYTES = 100, 1000
    uploaded(size=60)
    uploaded("somebody", size=90)
    check_quota(MEMBER, 40)
    with pytest.raises(OverQuota):
        check_quota(MEMBER, 41)


def test_guests_cannot_crowd_out_accounts(settings: Settings) -> None:
    settings.MEDIA_QUOTA_BYTES, settings.MEDIA_TOTAL_BYTES = 100, 100
    uploaded("somebody", size=50)
    with pytest.raises(OverQuota):
        check_quota(GUEST, 1)
    check_quota(MEMBER, 50)
    with pytest.raises(OverQuota):
        check_quota(MEMBER, 51)


# Who may see what


def test_a_file_is_for_who_may_enter_a_room_that_shows_it() -> None:
    member, outsider = User.objects.create(username="mia"), User.objects.create(username="otto")
    staff = User.objects.create(username="sofia", is_staff=True)
    room = Room.objects.create(name="members", members_only=True)
    Room.objects.create(name="without members", members_only=True)
    Membership.objects.create(room=room, user=member)
    media = uploaded(thumbnail=True)
    shown_in(room, media)
    for name in (media.name, media.thumbnail_name):
        assert visible_file(name, member) == visible_file(name, staff) == media
        assert visible_file(name, outsider) is visible_file(name, AnonymousUser()) is None
    shown_in(Room.objects.create(name="open"), media)
    assert visible_file(media.name, outsider) == visible_file(media.name, AnonymousUser()) == media


def test_a_closed_room_without_members_is_not_for_anonymous_visitors() -> None:
    media = uploaded()
    shown_in(Room.objects.create(name="empty", members_only=True), media)
    assert visible_file(media.name, AnonymousUser()) is None


def test_a_file_that_no_message_shows_is_for_nobody() -> None:
    media = uploaded()
    assert visible_file(media.name, User.objects.create(username="sofia", is_staff=True)) is None
    shown_in(Room.objects.create(name="open"), media)
    assert visible_file(media.thumbnail_name, AnonymousUser()) is None  # it has none


# What is shown no more


def test_a_file_goes_with_the_last_message_that_shows_it(folder: Path) -> None:
    room = Room.objects.create(name="open")
    media = uploaded(thumbnail=True)
    first, second = shown_in(room, media), shown_in(room, media)
    delete_message(room.pk, first.number)
    assert visible_file(media.name, AnonymousUser()) == media
    assert len(files(folder)) == 2
    delete_message(room.pk, second.number)
    assert not Media.objects.exists()
    assert files(folder) == []


def test_a_message_is_deleted_though_the_disk_keeps_its_file(folder: Path) -> None:
    room = Room.objects.create(name="open")
    media = uploaded()
    message = shown_in(room, media)
    path = path_of(media.name)
    path.unlink()
    path.mkdir()  # which cannot be removed as a file
    assert delete_message(room.pk, message.number)
    path.rmdir()
    keep(media.name, [b"x"])
    assert all(sweep(time.time() + GRACE_SECONDS + 10))
    assert files(folder) == []


def test_the_sweep_takes_what_nobody_knows_and_leaves_the_rest(folder: Path) -> None:
    room = Room.objects.create(name="open")
    shown, fresh = uploaded(thumbnail=True), uploaded()
    uploaded(thumbnail=True)  # and shown by no message
    shown_in(room, shown)
    lost, draft = f"{new_stem()}.mp4", path_of(f"{new_stem()}.jpg").with_suffix(".jpg.part")
    keep(lost, [b"x"])
    draft.parent.mkdir(exist_ok=True)
    draft.touch()
    long_ago = time.time() - GRACE_SECONDS - 10
    for path in folder.rglob("*"):
        if path.is_file() and path.name != fresh.name:
            os.utime(path, (long_ago, long_ago))
    Media.objects.exclude(pk=fresh.pk).update(uploaded_on=datetime.fromtimestamp(long_ago, UTC))
    young = f"{new_stem()}.png"
    keep(young, [b"x"])
    assert all(sweep())
    assert files(folder) == sorted([shown.name, shown.thumbnail_name, fresh.name, young])
    assert set(Media.objects.values_list("pk", flat=True)) == {shown.pk, fresh.pk}
    assert all(sweep(time.time() + GRACE_SECONDS + 10))
    assert files(folder) == sorted([shown.name, shown.thumbnail_name])


def test_a_deleted_rooms_files_are_for_nobody_at_once(folder: Path) -> None:
    room = Room.objects.create(name="open")
    media = uploaded()
    shown_in(room, media)
    room.delete()
    assert visible_file(media.name, AnonymousUser()) is None
    assert all(sweep(time.time() + GRACE_SECONDS + 10))
    assert files(folder) == []
    assert not Media.objects.exists()
