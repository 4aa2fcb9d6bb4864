"""What lies on this machine beside the snapshots: what waits in the logs and in the spool, and the room that is left."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pixels.config import Settings
from pixels.kept import kept_snapshots
from pixels.pointer import read_offsets

EVENTS, REFUSALS = "events_queue", "events_queue_rejected"
_BUSY_SECONDS = 0.5
Offsets = Mapping[tuple[str, int], int]


@dataclass(frozen=True)
class Slot:
    """What waits in the file of one worker, by its two streams."""

    name: str
    events: int = 0
    refusals: int = 0
    oldest: datetime | None = None
    """When the oldest of them was put there; None: nothing waits."""
    size: int = 0
    """Bytes on the disk, the write-ahead log included."""
    problem: str = ""
    """Why nobody can say what waits here."""

    @property
    def waiting(self) -> int:
        """Records of both streams."""
        return self.events + self.refusals


@dataclass(frozen=True)
class Slots:
    """A folder of such files."""

    slots: tuple[Slot, ...] = ()
    problem: str = ""
    """Why the folder cannot be read; also that there is none."""
    is_missing: bool = False

    @property
    def waiting(self) -> int:
        """Records in all files that can be read."""
        return sum(slot.waiting for slot in self.slots)

    @property
    def oldest(self) -> datetime | None:
        """When the oldest of them was put there."""
        return min((slot.oldest for slot in self.slots if slot.oldest is not None), default=None)

    @property
    def unreadable(self) -> tuple[Slot, ...]:
        """Files that do not tell."""
        return tuple(slot for slot in self.slots if slot.problem)


@dataclass(frozen=True)
class Machine:
    """What a look at the home found."""

    log: Slots
    """The embedded log: what was received and is in no published figure yet."""
    spool: Slots
    """What waits for Kafka."""
    uses_kafka: bool
    snapshots: Mapping[int, int]
    """Bytes of every snapshot that is kept, by number."""
    warehouse_bytes: int
    free_bytes: int
    total_bytes: int


def look_at(settings: Settings) -> Machine:
    """Look at the home, in a few short reads a file that wait for nobody. Raises NoSnapshot when nothing is published."""
    counted = read_offsets(settings.published_dir)
    disk = shutil.disk_usage(settings.home)
    kept = kept_snapshots(settings.published_dir)
    return Machine(
        log=slots_in(settings.log_dir, lambda db, table: _waiting_in_log(db, table, counted)),
        spool=slots_in(settings.spool_dir, _held),
        uses_kafka=bool(settings.kafka_bootstrap_servers),
        snapshots={number: _size(file) for number, file in kept.items()},
        warehouse_bytes=_size(settings.warehouse_path),
        free_bytes=disk.free,
        total_bytes=disk.total,
    )


Ends = tuple[int, int]
"""The first record that waits, and the one after the last."""


def slots_in(folder: Path, ends: Callable[[sqlite3.Connection, str], Ends]) -> Slots:
    """Look into every file of a folder; `ends` says what of a table waits. Whatever cannot be read says so."""
    try:
        files = sorted(file for file in folder.iterdir() if file.match("slot-*.sqlite"))
    except FileNotFoundError:
        return Slots(problem="there is no such folder here", is_missing=True)
    except OSError as error:
        return Slots(problem=str(error.strerror))
    return Slots(tuple(_slot(file, ends) for file in files))


def _slot(file: Path, ends: Callable[[sqlite3.Connection, str], Ends]) -> Slot:
    name, size = file.stem, _size(file)
    try:
        address = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as db:
            made = {table for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            found = {table: ends(db, table) for table in (EVENTS, REFUSALS) if table in made}
            times = [_appended_at(db, table, first) for table, (first, end) in found.items() if first < end]
    except (sqlite3.Error, ValueError) as error:
        return Slot(name, size=size, problem=str(error))
    waiting = {table: end - first for table, (first, end) in found.items()}
    oldest = min((time for time in times if time is not None), default=None)
    return Slot(name, waiting.get(EVENTS, 0), waiting.get(REFUSALS, 0), oldest, size)


def _waiting_in_log(db: sqlite3.Connection, table: str, counted: Offsets) -> Ends:
    """From what is counted to the end of the file: as a pass that begins now would read it."""
    uuid = db.execute("SELECT log_uuid FROM log_identity").fetchone()
    first = counted.get((f"local:{uuid[0]}:{table}", 0), 1) if uuid else 1
    numbered = db.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()[0]
    end = max(numbered or 0, db.execute(f"SELECT max(record_offset) FROM {table}").fetchone()[0] or 0) + 1  # noqa: S608 - one of two names
    if first > end:
        raise ValueError("it ends before what is counted from it: an older copy is in its place")
    return first, end


def _held(db: sqlite3.Connection, table: str) -> Ends:
    """All that a file holds, at most: from its lowest number to its highest, as `/metrics` of the collector counts."""
    first = db.execute(f"SELECT min(record_offset) FROM {table}").fetchone()[0]  # noqa: S608 - one of two names
    last = db.execute(f"SELECT max(record_offset) FROM {table}").fetchone()[0]  # noqa: S608 - one of two names
    return (0, 0) if last is None else (first, last + 1)


def _appended_at(db: sqlite3.Connection, table: str, first: int) -> datetime | None:
    found = db.execute(
        f"SELECT appended_at_ms FROM {table} WHERE record_offset >= ? ORDER BY record_offset LIMIT 1",  # noqa: S608 - one of two names
        (first,),
    ).fetchone()
    at_ms = found[0] if found else None
    return datetime.fromtimestamp(at_ms / 1000, UTC) if isinstance(at_ms, int) and 0 <= at_ms < _LATEST_MS else None


_LATEST_MS = 253_402_300_800_000  # the year 10000: a damaged file may hold anything


def _size(file: Path) -> int:
    """Return the bytes of a file and of its write-ahead log; 0 for what is not there."""
    return sum(
        _bytes_of(path) for path in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}.wal"))
    )


def _bytes_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
