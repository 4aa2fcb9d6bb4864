"""What waits in the spool: its files are asked, all of them, also those that no worker holds any more."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from collector.log_file import look_into

_BUSY_SECONDS = 1.0  # somebody may just be recovering a file; whoever asks for metrics does not wait for long


class Spooled(NamedTuple):
    """How many records wait in files that can be read, when the oldest was put there (Unix ms), and how many cannot.

    A folder that cannot be read counts as one such file.
    """

    records: int = 0
    oldest_ms: int | None = None
    unreadable_files: int = 0


def spooled_in(folder: Path) -> Spooled:
    """Look into all files of a spool, none while there is no folder; it takes a few short reads a file."""
    try:
        paths = [path for path in folder.iterdir() if path.match("slot-*.sqlite")]
    except FileNotFoundError:
        return Spooled()
    except OSError:
        return Spooled(unreadable_files=1)
    found = []
    for path in paths:
        try:
            found.append(look_into(path, patience=_BUSY_SECONDS))
        except (sqlite3.Error, OSError):  # the forwarder says which one and why when it comes to it
            continue
    times = [waiting.oldest_ms for waiting in found if waiting.oldest_ms is not None]
    return Spooled(sum(waiting.records for waiting in found), min(times, default=None), len(paths) - len(found))
