"""Who may see which file, how much anybody keeps, and what nobody is shown any more. Every function blocks."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils.translation import gettext_lazy as _

from examplechannels.background import background, each_day
from threechat.media import files as media_files
from threechat.media.signatures import CONTENT_TYPES, JPEG, PNG, WEBP
from threechat.models import Media, Message
from threechat.people import Person

DRAWN_EXTENSIONS = (JPEG.extension, PNG.extension, WEBP.extension)  # of pictures, the only files with thumbnails
GUESTS_SHARE = 0.5  # of the site's total: beyond it files are for accounts, which guests cannot crowd out
GRACE_SECONDS = 86_400.0  # an upload is over by then
FIRST_SECONDS = 600.0
STEP_FILES = 50


class OverQuota(Exception):
    """The person, or the whole site, keeps too much already."""


def check_quota(person: Person, more_bytes: int) -> None:
    """
    Raises:
        OverQuota: with so many more it would be too much; says what to do.
    """
    kept = Media.objects.aggregate(mine=Sum("size", filter=Q(sender=person.sender)), everybodys=Sum("size"))
    if (kept["mine"] or 0) + more_bytes > settings.MEDIA_QUOTA_BYTES:
        raise OverQuota(_("Your files take up all of your space; nothing more is kept."))
    share = GUESTS_SHARE if person.guest else 1
    if (kept["everybodys"] or 0) + more_bytes > settings.MEDIA_TOTAL_BYTES * share:
        raise OverQuota(
            _("There is no space for guests' files any more; log in.")
            if person.guest
            else _("There is no space for files any more.")
        )


def visible_file(name: str, user: User | AnonymousUser) -> Media | None:
    """The file, or the one whose thumbnail this is, if a message shows it in a room that `user` may enter."""
    stem, _dot, _extension = name.partition(".")
    is_thumbnail = name.endswith(media_files.THUMBNAIL_ENDING)
    names = [f"{stem}.{drawn}" for drawn in DRAWN_EXTENSIONS] if is_thumbnail else [name]
    messages = Message.objects.filter(media=OuterRef("pk"))
    if not user.is_authenticated:
        messages = messages.filter(room__members_only=False)
    elif not user.is_staff:
        messages = messages.filter(Q(room__members_only=False) | Q(room__members=user.pk))
    found = Media.objects.filter(Exists(messages), name__in=names)
    return found.filter(has_thumbnail=True).first() if is_thumbnail else found.first()


def forget_unshown(media_id: int) -> None:
    """Deletes a file that no message shows any more; from disk once the transaction that is under way is committed."""
    unshown = Media.objects.filter(~Exists(Message.objects.filter(media=OuterRef("pk"))), pk=media_id)
    if media := unshown.first():
        media.delete()
        names = media_files.names_of(media)
        # What the disk does not let go is left to the sweep. Django cannot name a `partial` that fails.
        transaction.on_commit(lambda: media_files.remove(*names), robust=True)


def sweep(now: float | None = None) -> Iterator[bool]:
    """Deletes, a step at a time, what is left where a room was deleted or a process died; yields True after each."""
    before = (time.time() if now is None else now) - GRACE_SECONDS
    messages = Message.objects.filter(media=OuterRef("pk"))
    uploaded = Media.objects.filter(uploaded_on__lt=datetime.fromtimestamp(before, UTC))
    for media_id in list(uploaded.filter(~Exists(messages)).values_list("pk", flat=True)):
        with transaction.atomic():
            forget_unshown(media_id)
        yield True
    for paths in media_files.old_files(before):
        for first in range(0, len(paths), STEP_FILES):
            _remove_unknown(paths[first : first + STEP_FILES])
            yield True


def _remove_unknown(paths: list[Path]) -> None:
    stems = {path.name.partition(".")[0] for path in paths}
    names = [f"{stem}.{extension}" for stem in stems for extension in CONTENT_TYPES]
    known = Media.objects.filter(name__in=names).values_list("name", flat=True)
    known_stems = {name.partition(".")[0] for name in known}
    for path in paths:
        if path.name.partition(".")[0] not in known_stems:
            path.unlink(missing_ok=True)


@background.register
async def sweep_daily() -> None:
    await each_day(sweep, FIRST_SECONDS)
