"""Who has which file: a process holds a slot by a lock on the file beside it.

The lock goes with the process, however that ends, and the next one carries on in the same file.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from collector.event_log import LogUnavailable
from collector.log_file import LogFile, look_into

SLOTS = 1000


def open_slot(folder: Path, *, limit: int | None = None) -> LogFile:
    """Take the first slot that nobody holds, made if need be; raises `LogUnavailable` when none can be opened."""
    try:
        _make(folder)
        for number in range(SLOTS):
            path = folder / f"slot-{number:03}.sqlite"
            if lock := _lock(path):
                return _opened(path, lock, limit)
    except (OSError, sqlite3.Error) as error:
        raise LogUnavailable(
            f"The log in {folder} cannot be opened: {error}. Check the folder and the disk."
        ) from error
    raise LogUnavailable(f"All {SLOTS} slots in {folder} are taken; stop a collector.")


def adopt_slots(folder: Path) -> Iterator[LogFile]:
    """Yield each file that holds records and that nobody else holds, one at a time; the caller closes it.

    Raises `LogUnavailable` at the end when there was a file that cannot be read.
    """
    trouble: LogUnavailable | None = None
    for path in sorted(folder.glob("slot-*.sqlite")):
        try:
            # Looked into before it is locked, so that a worker that starts finds its old slot free.
            lock = _lock(path) if look_into(path).records else None
            file = lock and _opened(path, lock, None)
        except (OSError, sqlite3.Error) as error:
            trouble = trouble or LogUnavailable(f"{path} cannot be read: {error}. Check the folder and the disk.")
            continue
        if file:
            yield file
    if trouble:
        raise trouble


def _make(folder: Path) -> None:
    """Make a folder that outlives a power cut: SQLite syncs what it makes in the folder, not the way to the folder."""
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in new:
        descriptor = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _opened(path: Path, lock: IO[bytes], limit: int | None) -> LogFile:
    try:
        return LogFile(path, lock, limit=limit)
    except BaseException:
        lock.close()
        raise


def _lock(path: Path) -> IO[bytes] | None:
    """Lock a slot for the life of the returned handle; None when another process has it."""
    handle = path.with_suffix(".lock").open("ab")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    except BaseException:
        handle.close()
        raise
    return handle
