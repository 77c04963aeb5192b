"""What the kernel knows about a server: CPU time, memory, threads, files, sockets."""

import os
import resource
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from two.nanoseconds import NS_PER_SECOND

PROC = Path("/proc")
FLUSHED_BYTES = 8192
HAS_SCHEDSTAT = (PROC / "self/schedstat").exists()
CORES = sorted(os.sched_getaffinity(0))
"""As they were at the start, before this process was held on one of them."""
CPU_SOURCE = "/proc/<pid>/task/*/schedstat (ns)" if HAS_SCHEDSTAT else "/proc/<pid>/stat utime + stime (ticks: coarse)"


def raise_file_limit() -> int:
    """Lift the soft limit of open files to the hard one, which is returned."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def cores() -> tuple[int, int]:
    """The core for the server and the core for the load (the same if only one)."""
    return CORES[0], CORES[-1]


@contextmanager
def on_cores(cores: Collection[int]) -> Iterator[None]:
    """Processes started inside are held on `cores`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def flushes_ms(folder: Path, seconds: float) -> list[float]:
    """Milliseconds that each of many small writes took to be on the disk of `folder` for sure."""
    took = []
    end = time.perf_counter() + seconds
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        while (began := time.perf_counter()) < end:
            file.write(bytes(FLUSHED_BYTES))
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return took


def family(pid: int) -> list[int]:
    """`pid` and all its descendants that live."""
    pids = [pid]
    for parent in pids:
        for task in _tasks(parent):
            pids += map(int, _read(task / "children").split())
    return pids


def cpu_ns(pid: int) -> int:
    """Time on a CPU, user and system, of all threads of `pid` and descendants; what ends takes its time along."""
    if HAS_SCHEDSTAT:
        stats = (_read(t / "schedstat") for p in family(pid) for t in _tasks(p))
        return sum(int(stat.split()[0]) for stat in stats if stat)
    ticks = 0
    for process in family(pid):
        fields = _read(PROC / f"{process}/stat").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * NS_PER_SECOND // os.sysconf("SC_CLK_TCK")


def rss_bytes(pid: int) -> int:
    """Resident memory of `pid` and descendants."""
    pages = (_read(PROC / f"{p}/statm").split() for p in family(pid))
    return sum(int(p[1]) for p in pages if p) * os.sysconf("SC_PAGE_SIZE")


def open_files(pid: int) -> int:
    """Open file descriptors of `pid` and descendants."""
    return sum(len(os.listdir(PROC / f"{p}/fd")) for p in family(pid))


def threads(pid: int) -> int:
    """Threads of `pid` and descendants."""
    return sum(len(_tasks(p)) for p in family(pid))


def server_side(server_port: int, client_port: int) -> tuple[str, int] | None:
    """State and unsent bytes of one IPv4 connection, seen from the server.

    None when the kernel no longer has the socket at all.
    """
    want = (f":{server_port:04X}", f":{client_port:04X}")
    for line in _read(PROC / "net/tcp").splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(want[0]) and fields[2].endswith(want[1]):
            return fields[3], int(fields[4].split(":")[0], 16)
    return None


def _tasks(pid: int) -> list[Path]:
    try:
        return list((PROC / f"{pid}/task").iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # ended meanwhile
        return ""
