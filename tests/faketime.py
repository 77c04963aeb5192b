"""libfaketime, for clocks that jump; `python -m tests.faketime` installs it where there is none (CI does)."""

from pathlib import Path

from tests.debian import install

LIBRARIES = "usr/lib/*/faketime/libfaketime.so.1"


def find() -> Path | None:
    """The library, where Debian has it."""
    return next(iter(sorted(Path("/").glob(LIBRARIES))), None)


class Clock:
    """The clock of the processes that are started with `env`; it goes on from where it is set."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.jump(0)

    @property
    def env(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(find()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",  # seconds; the file is not read at every question for the time
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # as with a real clock that is set
        }

    def jump(self, seconds: int) -> None:
        """To so many seconds after (or before) the true time."""
        draft = self._file.with_suffix(".next")
        draft.write_text(f"{seconds:+d}")
        draft.rename(self._file)


if __name__ == "__main__":
    install("libfaketime", "faketime", find, "the tests of clocks that jump")
