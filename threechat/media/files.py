"""Uploaded files on disk: DATA_DIR/media/<two digits>/<name>. Every function blocks."""

import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from threechat.media.signatures import CONTENT_TYPES
from threechat.models import Media

THUMBNAIL_ENDING = ".thumb.webp"  # of the names that Media.thumbnail_name gives
STORED_NAME = re.compile(r"[0-9a-f]{32}(?:\.(?:" + "|".join(CONTENT_TYPES) + r")|\.thumb\.webp)")
CHUNK_BYTES = 64 * 1024


def folder() -> Path:
    return Path(settings.DATA_DIR) / "media"


def path_of(name: str) -> Path:
    """
    Raises:
        ValueError: no file here has such a name.
    """
    if not STORED_NAME.fullmatch(name):
        raise ValueError(f"no stored file has the name {name!r}")
    return folder() / name[:2] / name


def new_stem() -> str:
    """What nobody guesses."""
    return secrets.token_hex(16)


def names_of(media: Media) -> list[str]:
    return [media.name, media.thumbnail_name] if media.has_thumbnail else [media.name]


def keep(name: str, chunks: Iterable[bytes]) -> int:
    """Writes a file that is whole as soon as it is there, after a power cut too; returns its bytes."""
    path = path_of(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{name}.part")
    try:
        with draft.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return size


def remove(*names: str) -> None:
    for name in names:
        path_of(name).unlink(missing_ok=True)


def old_files(before: float) -> Iterator[list[Path]]:
    """What was last written before that Unix time, one subfolder after the other; drafts of a process that died too."""
    for subfolder in sorted(folder().glob("[0-9a-f][0-9a-f]")):
        yield [path for path in subfolder.iterdir() if _modified(path) < before]


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _sync_folder(path: Path) -> None:
    """Makes a new name last; Windows has no such thing."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    number = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
