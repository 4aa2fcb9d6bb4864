"""`PIXELS_HOME/erasing.json`: the names that an erasure is at, from before its first step until after its last.

It is the one place where an erased name stands in clear, and it is gone when the name is gone from all other files. If it is
still there the erasure was interrupted, and the next one completes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path

from aggregator.snapshots import sync_folder

JOURNAL = "erasing.json"


def unfinished(home: Path) -> set[str]:
    """Return the names of an erasure that was interrupted; none when there is none."""
    try:
        return set(json.loads((home / JOURNAL).read_bytes()))
    except FileNotFoundError:
        return set()


def write_journal(home: Path, names: Collection[str]) -> None:
    """Write the names down, for nobody else to read, and force them to disk."""
    path = home / JOURNAL
    temporary = path.with_name(f".{JOURNAL}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as writer:
        json.dump(sorted(names), writer)
        writer.flush()
        os.fsync(writer.fileno())
    temporary.replace(path)
    sync_folder(home)


def end_journal(home: Path) -> None:
    """Say that the erasure is complete."""
    for name in (f".{JOURNAL}.tmp", JOURNAL):
        (home / name).unlink(missing_ok=True)
    sync_folder(home)
