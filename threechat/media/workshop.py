"""Makes a stored file of an upload: looks at its first bytes, draws pictures anew, writes the rest as it is.

In threads of their own: one for pictures, so that one at a time is decoded, and one for what is only copied.
"""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from examplechannels.outages import is_full
from threechat.media import files as media_files
from threechat.media.pictures import redraw
from threechat.media.signatures import HEAD_BYTES, MediaType, media_type
from threechat.models import MAX_TITLE_CHARACTERS, Media
from threechat.names import readable
from threechat.writer import NoSpace, NotStored

MAX_WAITING = 32  # files; each waits on disk


class UnsupportedMedia(Exception):
    """Not one of the types that are kept here."""


class Workshop:
    """Its methods belong to the event loop."""

    def __init__(self) -> None:
        self._pictures = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._copies = ThreadPoolExecutor(1, thread_name_prefix="copies")
        self._waiting = 0

    async def make(self, file: BinaryIO, declared: str, title: str, sender: str) -> Media:
        """The row, not saved yet, of a file that is on disk now. Its owner removes it where the row is not stored.

        Raises:
            UnsupportedMedia, NotStored (too much is waiting, or the disk does not take it).
            BadPicture, TooManyPixels: see pictures.py.
        """
        found = media_type(file.read(HEAD_BYTES), declared)
        if found is None:
            raise UnsupportedMedia
        if self._waiting >= MAX_WAITING:
            raise NotStored("too many files are waiting")
        thread, act = (self._pictures, make_picture) if found.pillow else (self._copies, make_copy)
        self._waiting += 1
        try:
            media = await asyncio.get_running_loop().run_in_executor(thread, act, file, found)
        except OSError as error:
            raise (NoSpace if is_full(error) else NotStored)(str(error)) from error
        finally:
            self._waiting -= 1
        media.title, media.sender = title_of(title), sender
        return media

    async def discard(self, media: Media) -> None:
        """Removes what `make` wrote."""
        await asyncio.get_running_loop().run_in_executor(self._copies, media_files.remove, *media_files.names_of(media))


def make_picture(file: BinaryIO, found: MediaType) -> Media:
    """Blocks; raises what `redraw` does."""
    file.seek(0)
    picture = redraw(file.read(), found.pillow)
    name = f"{media_files.new_stem()}.{picture.extension}"
    media = Media(name=name, kind=found.kind, width=picture.width, height=picture.height)
    media.size = media_files.keep(name, [picture.content])
    if picture.thumbnail:
        try:
            media.size += media_files.keep(media.thumbnail_name, [picture.thumbnail])
        except BaseException:
            media_files.remove(name)
            raise
        media.has_thumbnail = True
    return media


def make_copy(file: BinaryIO, found: MediaType) -> Media:
    """Blocks."""
    file.seek(0)
    name = f"{media_files.new_stem()}.{found.extension}"
    size = media_files.keep(name, iter(lambda: file.read(media_files.CHUNK_BYTES), b""))
    return Media(name=name, kind=found.kind, size=size)


def title_of(file_name: str) -> str:
    """What a sender called a file, to be shown: one line, no folders, nothing that turns its letters around."""
    return re.split(r"[/\\]", readable(file_name))[-1].strip(" .")[:MAX_TITLE_CHARACTERS].strip()


workshop = Workshop()
