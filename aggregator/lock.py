"""The writer lock: one process at a time writes the warehouse of a PIXELS_HOME, and shows that it makes progress."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aggregator.failures import CannotWrite
from pixels.errors import PixelsError

LOCK_FILE = "warehouse.lock"
STALLED_AFTER_SECONDS = 600.0
_SETTLING_SECONDS = 0.2


class AlreadyRunning(PixelsError):
    """Another process holds the writer lock: its `pid`, if it has said so, and for how long it has made no progress.

    For a pass this is no failure unless the other one is `stalled`; other commands end with it.
    """

    exit_code = 75

    def __init__(self, file: Path, pid: int | None, idle_seconds: float) -> None:
        self.pid, self.idle_seconds = pid, idle_seconds
        who = "Another process" if pid is None else f"Process {pid}"
        if self.stalled:
            find = f"`fuser -v {file}` names it" if pid is None else f"look at it with `ps -fp {pid}`"
            message = (
                f"{who} holds {file} and has made no progress for {idle_seconds / 60:.0f} minutes: it was stopped, or waits "
                f"for a disk or a server that does not answer. Nothing new is stored until it goes on or ends; {find}, and "
                f"if it is stuck end it (`kill {pid or 'PID'}`, then `kill -9`). Nothing is lost by that: the next pass goes "
                "on from its last transaction."
            )
        else:
            message = (
                f"{who} is writing this warehouse ({file} is held; last progress {idle_seconds:.0f} s ago). Run this again "
                "when it is done."
            )
        super().__init__(message)

    @property
    def stalled(self) -> bool:
        """Whether the other process looks stuck rather than at work."""
        return self.idle_seconds >= STALLED_AFTER_SECONDS


class Lock:
    """The writer lock while it is held. Its file holds our process id; its time of change is our last progress."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor

    def progress(self) -> None:
        """Show that the work goes on: at every batch, every chunk of a copy. It costs a microsecond."""
        try:
            os.utime(self._descriptor)
        except OSError as error:
            raise CannotWrite(self._path, error) from error


@contextmanager
def writer_lock(home: Path, *, wait: bool = False) -> Iterator[Lock]:
    """Hold the lock, or raise AlreadyRunning at once, unless told to wait until it is free.

    The kernel lets go of it when the process ends, however it ends.
    """
    path = home / LOCK_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise CannotWrite(home, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            lock = Lock(path, descriptor)
            lock.progress()
            os.pwrite(descriptor, b"%10d\n" % os.getpid(), 0)  # always as long: a full disk has room for it
        except BlockingIOError:
            raise _holder(path, descriptor) from None
        except OSError as error:
            raise CannotWrite(path, error) from error
        yield lock
    finally:
        os.close(descriptor)


def _holder(path: Path, descriptor: int) -> AlreadyRunning:
    """Say who holds the lock. Looked at twice before it is called stalled: who has just taken it has not said so yet."""
    seen = AlreadyRunning(path, _pid(descriptor), _idle_seconds(descriptor))
    if not seen.stalled:
        return seen
    time.sleep(_SETTLING_SECONDS)
    return AlreadyRunning(path, _pid(descriptor), _idle_seconds(descriptor))


def _pid(descriptor: int) -> int | None:
    written = os.pread(descriptor, 16, 0).strip()
    return int(written) if written.isdigit() else None


def _idle_seconds(descriptor: int) -> float:
    """Return how long ago the last progress was. One in the future (the clock was set back) counts from now on."""
    idle = time.time() - os.fstat(descriptor).st_mtime
    if idle < 0:
        with suppress(PermissionError):  # the file is another user's: then it counts from when the clock gets there
            os.utime(descriptor)
    return max(0.0, idle)
