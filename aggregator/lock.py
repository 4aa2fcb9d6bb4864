"""The writer lock: one process at a time writes the warehouse of a PIXELS_HOME."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.failures import CannotWrite


class AlreadyRunning(Exception):
    """Another process holds the writer lock; it does the work, so this is no failure."""


@contextmanager
def writer_lock(home: Path) -> Iterator[None]:
    """Hold the lock, or raise AlreadyRunning at once. The kernel lets go of it when the process ends, however it ends."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home / "warehouse.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise CannotWrite(home, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning from None
        yield
    finally:
        os.close(descriptor)
