"""When the machine fails a pass: one error that says what happened and what to do, whichever call met it first."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pixels.errors import CANNOT_READ_OR_WRITE, PixelsError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class CannotWrite(PixelsError):
    """Disk, permissions or memory stopped a pass. What was committed stays, and the next pass goes on from there."""

    exit_code = CANNOT_READ_OR_WRITE

    def __init__(self, path: Path, error: OSError | duckdb.Error) -> None:
        if isinstance(error, OSError):
            what = error.strerror or str(error)
            do = "Make room" if error.errno in _FULL else "See that this user may write there"
        else:
            what, do = str(error), "Make room on the disk, or raise PIXELS_MEMORY_LIMIT, whichever it names"
        super().__init__(
            f"{path} could not be written: {what}. What was stored before stays. {do}, then run the pass again."
        )


@contextmanager
def failures_explained(path: Path) -> Iterator[None]:
    """Turn the failures of DuckDB's disk and memory, and of the operating system, into `CannotWrite`."""
    try:
        yield
    except (
        duckdb.FatalException,
        duckdb.IOException,
        duckdb.OutOfMemoryException,
        duckdb.TransactionException,
    ) as error:
        raise CannotWrite(path, error) from error
    except OSError as error:
        raise CannotWrite(Path(error.filename) if error.filename else path, error) from error
