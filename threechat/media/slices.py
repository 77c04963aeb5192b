"""Part of a file, read in threads a piece at a time, for a response that is sent as fast as its reader takes it."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from threechat.media.files import CHUNK_BYTES, path_of

_threads = ThreadPoolExecutor(2, thread_name_prefix="file-reader")


class FileSlice:
    """An asynchronous iterator over the bytes from `first` to before `end`. Django closes it with its response."""

    def __init__(self, file: BinaryIO, first: int, end: int) -> None:
        self._file = file
        self._at, self._end = first, end

    def __aiter__(self) -> "FileSlice":
        return self

    async def __anext__(self) -> bytes:
        chunk = await asyncio.get_running_loop().run_in_executor(_threads, self._read)
        if not chunk:
            raise StopAsyncIteration
        self._at += len(chunk)
        return chunk

    def close(self) -> None:
        self._file.close()

    def _read(self) -> bytes:
        self._file.seek(self._at)
        return self._file.read(min(CHUNK_BYTES, self._end - self._at))


async def open_file(name: str) -> tuple[BinaryIO, int]:
    """A stored file and its bytes.

    Raises:
        FileNotFoundError: it is not there (any more).
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, _open, name)


def _open(name: str) -> tuple[BinaryIO, int]:
    file = path_of(name).open("rb", buffering=0)
    return file, os.fstat(file.fileno()).st_size
