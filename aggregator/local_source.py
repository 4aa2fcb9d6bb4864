"""Read the embedded log: the SQLite files the collector's workers write (schema/local_log.sql)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import structlog

from aggregator.records import Offsets, Slice, Stream
from pixels.errors import PixelsError

TABLES: dict[str, Stream] = {"events_queue": "events", "events_queue_rejected": "refusals"}
"""The tables of a slot's file, with the stream that each holds."""

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

    def read(self, limit: int) -> list[Slice]:
        """Return the next records in one slice, `limit` at most."""
        if self._next >= self._end:
            return []
        query = (
            f"SELECT record_offset, appended_at_ms, record_value FROM {self._table} "  # noqa: S608 - one of two names
            "WHERE record_offset >= ? AND record_offset < ? ORDER BY record_offset LIMIT ?"
        )
        try:
            with connected(self._path) as db:
                rows = db.execute(query, (self._next, self._end, limit)).fetchall()
        except sqlite3.DatabaseError as error:
            raise _damaged(self._path, error) from error
        offsets, appended, values = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
        self._next = offsets[-1] + 1 if len(rows) == limit else self._end
        stream = TABLES[self._table]
        return [Slice(self._source, 0, stream, offsets, appended, values, self._next)]

    def mark_stored(self) -> None:
        """The embedded log keeps no offsets of its own."""

    def close(self) -> None:
        """Nothing is held between two reads."""


def open_local_sources(log_dir: Path, stored: Offsets) -> list[LocalSource]:
    """Open every slot file's two streams where the stored offsets say, each up to its end as it is now.

    Raises DamagedLog when a file is no log, or ends before what was already stored from it.
    """
    sources = []
    for path in slot_files(log_dir):
        try:
            with connected(path) as db:
                sources += _sources_of(path, db, stored)
        except sqlite3.DatabaseError as error:
            raise _damaged(path, error) from error
    return sources


def _sources_of(path: Path, db: sqlite3.Connection, stored: Offsets) -> list[LocalSource]:
    uuid = _log_uuid(db)
    if uuid is None:
        return []
    sources = []
    for table in TABLES:
        source = f"local:{uuid}:{table}"
        start = stored.get((source, 0), 1)
        row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        end = (row[0] if row else 0) + 1
        if start > end:
            raise DamagedLog(
                f"{path} ends at offset {end - 1}, but records up to {start - 1} were already stored from it: "
                "the file was replaced by an older copy. Put the newer one back; if it is lost, move this file away "
                "and the collector starts a new log."
            )
        if start < end:
            sources.append(LocalSource(path, table, source, start, end))
    return sources


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
