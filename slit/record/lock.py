"""One process at a time writes a run: a lock file in its partial folder.

The lock itself is the kernel's (flock), which a killed process cannot leave behind; it holds
between containers on one machine, and between machines on NFS unless that was mounted with local
locks. The file says who has it. Where a file system has no locks, what the file says decides.
"""

import fcntl
import json
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from slit.errors import SlitError

LOCK = "lock.json"


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that writes a run. `boot` and `started` tell it from later ones of its number;
    they are empty where the system does not say."""

    pid: int
    host: str
    boot: str
    started: str

    @classmethod
    def current(cls) -> "Holder":
        """This process."""
        return cls(os.getpid(), socket.gethostname(), _boot(), _started(os.getpid()))

    @property
    def may_run(self) -> bool:
        """Whether it may still be running: not known of another host."""
        if self.host != socket.gethostname():
            return True
        if self.boot != _boot() or self.started != _started(self.pid):
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # it is another user's
        return True

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}" if self.pid else "another process"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep others from writing to a partial folder. Raises SlitError if one does already."""
    file = folder / LOCK
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    except OSError as error:
        raise SlitError(f"{file}: {error.strerror}, expected a file to write (lock)") from error
    try:
        _take(handle, folder)
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def holder_of(folder: Path) -> Holder | None:
    """Who writes to a partial folder at present; None if nobody does."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return _other(handle)
    finally:
        os.close(handle)


def _take(handle: int, folder: Path) -> None:
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        raise SlitError(f"{folder / LOCK}: no file of its own, expected a lock (remove it)")
    holder = _other(handle)
    if holder is not None:
        raise SlitError(
            f"resume: {folder} is being written by {holder}, expected a search that has ended (if "
            f"that one has, remove {folder / LOCK})"
        )
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(asdict(Holder.current())).encode(), 0)
    except OSError as error:
        file = folder / LOCK
        raise SlitError(f"{file}: {error.strerror}, expected a file to write (lock)") from error


def _other(handle: int) -> Holder | None:
    """The process that has the lock, which otherwise this one has now."""
    holder = _said(handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return holder or Holder(0, "", "", "")
    except OSError:
        return holder if holder is not None and holder.may_run else None
    return None


def _said(handle: int) -> Holder | None:
    try:
        content = json.loads(os.pread(handle, 4096, 0))
        return Holder(
            int(content["pid"]), str(content["host"]), str(content["boot"]), str(content["started"])
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _boot() -> str:
    """What tells one start of this machine from another."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError, UnicodeDecodeError):
        return ""
