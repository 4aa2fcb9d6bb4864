"""Read the embedded log: the SQLite files the collector's workers write (schema/local_log.sql)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import structlog

from aggregator.records import BATCH_BYTES, LATEST_MS, Gap, Offsets, Origin, Slice, Stream
from pixels.errors import PixelsError

TABLES: dict[str, Stream] = {"events_queue": "events", "events_queue_rejected": "refusals"}
"""The tables of a slot's file, with the stream that each holds."""

_ROWS_AT_ONCE = 1_000
_TRIM_CHUNK = 5_000
_log = structlog.get_logger()


class DamagedLog(PixelsError):
    """A file of the embedded log cannot be read, or lost records that were already stored."""

    exit_code = 74


@contextmanager
def connected(path: Path, timeout: float = 10) -> Iterator[sqlite3.Connection]:
    """Open for writing too: after a kill -9 the first to open recovers the write-ahead log."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=timeout)) as db:
        yield db


def slot_files(log_dir: Path) -> list[Path]:
    """Return the slots' files; none while there is no folder. One that cannot be read is no empty one (as for `glob`)."""
    try:
        files = sorted(log_dir.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DamagedLog(
            f"The log in {log_dir} cannot be read: {error.strerror}. Run the pass as the user who runs the collector."
        ) from error
    return [file for file in files if file.match("slot-*.sqlite")]


def _log_uuid(db: sqlite3.Connection) -> str | None:
    """Return the log's identity, None for a file whose making was interrupted: it holds no record."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables.issuperset({"log_identity", *TABLES}):
        return None
    row = db.execute("SELECT log_uuid FROM log_identity").fetchone()
    return row and str(row[0])


class LocalSource:
    """One stream of one slot file, up to its last record at opening."""

    def __init__(self, path: Path, table: str, source: str, start: int, end: int) -> None:
        self._path, self._table, self._source = path, table, source
        self._next, self._end = start, end

    @property
    def origins(self) -> list[Origin]:
        """The log's UUID with the stream, found in this file."""
        return [Origin(self._source, f"local:{self._path.name}:{self._table}")]

    @property
    def left(self) -> int:
        """How many records are still to be read."""
        return self._end - self._next

    def read(self, limit: int) -> list[Slice]:
        """Return the next records in one slice, `limit` at most."""
        if not self.left:
            return []
        first, rows = self._next, self._rows(limit)
        offsets, appended, values = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
        enough = len(rows) == limit or sum(map(len, values)) >= BATCH_BYTES
        self._next = offsets[-1] + 1 if enough else self._end
        gaps = self._gaps(first, offsets)
        return [Slice(self._source, 0, TABLES[self._table], offsets, appended, values, self._next, gaps)]

    def _rows(self, limit: int) -> list[tuple[int, int, bytes]]:
        """Read from the next record on, until there are `limit` of them or BATCH_BYTES."""
        # SQLite lets a stranger put anything into any column; whatever it is, it is read as what it should be.
        query = (
            "SELECT record_offset, min(max(CAST(appended_at_ms AS INTEGER), 0), ?), CAST(record_value AS BLOB) "  # noqa: S608 - one of two names
            f"FROM {self._table} WHERE record_offset >= ? AND record_offset < ? ORDER BY record_offset LIMIT ?"
        )
        rows: list[tuple[int, int, bytes]] = []
        size = 0
        try:
            with connected(self._path) as db:
                cursor = db.execute(query, (LATEST_MS, self._next, self._end, limit))
                while size < BATCH_BYTES and (some := cursor.fetchmany(_ROWS_AT_ONCE)):
                    rows += some
                    size += sum(len(value) for *_, value in some)
        except sqlite3.DatabaseError as error:
            raise _damaged(self._path, error) from error
        return rows

    def _gaps(self, first: int, offsets: list[int]) -> tuple[Gap, ...]:
        """Return what is missing from `first` on: the log gives every number once, so somebody deleted those records."""
        if len(offsets) == self._next - first:
            return ()
        edges = [first - 1, *offsets, self._next]
        return tuple(Gap(self._source, 0, before + 1, after) for before, after in pairwise(edges) if after > before + 1)

    def mark_stored(self, offsets: Offsets) -> None:
        """The embedded log keeps no offsets of its own."""

    def close(self) -> None:
        """Nothing is held between two reads."""


def open_local_sources(log_dir: Path, stored: Offsets) -> list[LocalSource]:
    """Open every slot file's two streams where the stored offsets say, each up to its end as it is now.

    Raises DamagedLog when a file is no log, ends before what was already stored from it, or is the copy of another.
    """
    files: dict[str, Path] = {}
    sources = []
    for path in slot_files(log_dir):
        try:
            with connected(path) as db:
                uuid = _log_uuid(db)
                if uuid is None:
                    continue
                if uuid in files:
                    raise _copied(files[uuid], path)
                files[uuid] = path
                sources += [_source_of(path, db, table, f"local:{uuid}:{table}", stored) for table in TABLES]
        except sqlite3.DatabaseError as error:
            raise _damaged(path, error) from error
    return sources


def _source_of(path: Path, db: sqlite3.Connection, table: str, source: str, stored: Offsets) -> LocalSource:
    start = stored.get((source, 0), 1)
    # Both, as SQLite itself does: a file that was recovered may have lost one of them.
    numbered = db.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()[0]
    held = db.execute(f"SELECT max(record_offset) FROM {table}").fetchone()[0]  # noqa: S608 - one of two names
    end = max(numbered or 0, held or 0) + 1
    if start > end:
        raise DamagedLog(
            f"{path} ends at offset {end - 1}, but records up to {start - 1} were already stored from it: "
            "the file was replaced by an older copy. Put the newer one back; if it is lost, move this file away "
            "and the collector starts a new log."
        )
    return LocalSource(path, table, source, start, end)


def _copied(path: Path, copy: Path) -> DamagedLog:
    """Two files of one identity share one offset: what one holds would be skipped for what the other held."""
    return DamagedLog(
        f"{path} and {copy} are copies of one log: both have its identity. Nothing was read. Move the older one out of the "  # noqa: S608 - a message
        f"folder; or, if both hold records of their own, make one a log of its own: stop the collector, then `sqlite3 {copy} "
        '"UPDATE log_identity SET log_uuid = lower(hex(randomblob(16)))"`: it is read from its beginning, and events that '
        "were counted count once."
    )


def trim_local_log(log_dir: Path, stored: Offsets, before_ms: int) -> int:
    """Delete records that are stored and were appended before `before_ms`; return how many went.

    A file in heavy use is left for the next pass.
    """
    trimmed = 0
    for path in slot_files(log_dir):
        try:
            with connected(path) as db:
                uuid = _log_uuid(db)
                for table in TABLES if uuid else ():
                    trimmed += _trim(db, table, stored.get((f"local:{uuid}:{table}", 0), 0), before_ms)
        except sqlite3.OperationalError as error:
            _log.info("log.trim_postponed", file=path.name, why=str(error))
    return trimmed


def _trim(db: sqlite3.Connection, table: str, below: int, before_ms: int) -> int:
    trimmed = 0
    while True:
        with db:
            deleted = db.execute(
                f"DELETE FROM {table} WHERE record_offset IN (SELECT record_offset FROM {table} "  # noqa: S608 - one of two names
                "WHERE record_offset < ? AND appended_at_ms < ? ORDER BY record_offset LIMIT ?)",
                (below, before_ms, _TRIM_CHUNK),
            ).rowcount
        trimmed += deleted
        if deleted < _TRIM_CHUNK:
            return trimmed


def _damaged(path: Path, error: Exception) -> DamagedLog:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        remedy = "Recover the file with `sqlite3 FILE .recover`"
    else:
        remedy = "Make room on the disk, see that this user may read and write the file"
    return DamagedLog(
        f"{path} cannot be read ({error}). Nothing was stored from it. {remedy}, then run the pass again."
    )
