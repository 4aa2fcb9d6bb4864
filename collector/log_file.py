"""One file of the embedded log or of the spool: SQLite in the form of `schema/local_log.sql`, held by one process."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import IO, NamedTuple
from uuid import uuid4

from collector.event_log import STREAMS, LogUnavailable, Stream
from pixels.resources import sql

RESERVE_BYTES = 512 * 1024
"""Room on the disk that records never take, so that there is some for the work of deleting them."""

READ_BYTES = 1024 * 1024
_ROOM_BYTES = 64 * 1024  # what must be free for a file to be called ready

_BUSY_SECONDS = 5.0  # the aggregator's deletes may hold the file for a moment
_WAL_BYTES_KEPT = 64 * 1024 * 1024
_PAGES_AT_ONCE = 2_000
_PAGES_NOT_WORTH_IT = 256


def _of_each_stream(statement: str) -> dict[Stream, str]:
    """Return the statement for the table of each stream, which has the stream's name."""
    return {stream: statement.replace("STREAM", stream) for stream in STREAMS}


_INSERT = _of_each_stream("INSERT INTO STREAM (appended_at_ms, record_key, record_value) VALUES (?, ?, ?)")
_READ = _of_each_stream(
    "SELECT record_offset, record_key, record_value FROM STREAM WHERE record_offset > ? ORDER BY record_offset LIMIT ?"
)
_FORGET = _of_each_stream("DELETE FROM STREAM WHERE record_offset = ?")
# Each end by itself: SQLite finds either at once, and both together only by reading everything.
_ENDS = _of_each_stream("SELECT (SELECT min(record_offset) FROM STREAM), (SELECT max(record_offset) FROM STREAM)")
_OLDEST = _of_each_stream("SELECT appended_at_ms FROM STREAM ORDER BY record_offset LIMIT 1")

Row = tuple[int, bytes | None, bytes]
"""When a record was appended (Unix milliseconds), its key, its value."""


class Record(NamedTuple):
    """A record as the file holds it."""

    offset: int
    key: bytes | None
    value: bytes


class Waiting(NamedTuple):
    """How many records a file holds at most (its highest offset less its lowest), and when the oldest was put there."""

    records: int
    oldest_ms: int | None


class LogFile:
    """An open slot. Several threads may use it: there is one transaction at a time, and each is short.

    `limit` bounds the bytes of the pages in use; pages that were freed count as free, though the file may hold them.
    Every method raises `LogUnavailable` when SQLite or the disk does not do what is asked.
    """

    def __init__(self, path: Path, lock: IO[bytes], *, limit: int | None = None) -> None:
        self.path = path
        self._lock = lock
        self._limit = limit
        self._connection = _connect(path)
        self._one_transaction = Lock()
        self._forgotten: dict[Stream, list[int]] = {}  # of these a disk that is full did not let the deletion through

    def add(self, rows: Mapping[Stream, Iterable[Row]], size: int) -> None:
        """Append rows in one transaction, all of them or none; durable when this returns. `size` is about their bytes."""
        with self._work("cannot take records"):
            self._make_sure_of_room(size)
            with _transaction(self._connection) as connection:
                for stream, some in rows.items():
                    connection.executemany(_INSERT[stream], some)

    def read(self, stream: Stream, after: int, count: int) -> list[Record]:
        """Return the records that follow offset `after`: `count` at most, and not many more bytes than `READ_BYTES`.

        What was forgotten is not among them, also when it could not be deleted yet: it must be deleted first.
        """
        for other in list(self._forgotten):
            self.forget(other, [])
        records: list[Record] = []
        size = 0
        with self._work("cannot be read"):
            cursor = self._connection.execute(_READ[stream], (after, count))
            for row in cursor:
                records.append(Record(*row))
                size += len(records[-1].value)
                if size > READ_BYTES:
                    break
            cursor.close()  # no open read may keep the write-ahead log from being used again
        return records

    def forget(self, stream: Stream, offsets: Sequence[int]) -> None:
        """Delete records that are stored elsewhere: in one transaction, or in pieces when the disk is too full for that."""
        gone = [*self._forgotten.pop(stream, ()), *offsets]
        try:
            with self._work("cannot delete records"):
                self._delete(stream, gone)
        except LogUnavailable:
            self._forgotten[stream] = gone
            raise

    def shrink(self) -> bool:
        """Give pages back to the disk once more are free than used, some at a time; return whether there are more."""
        with self._work("cannot be made smaller"):
            free = self._pragma("freelist_count")
            if free <= max(_PAGES_NOT_WORTH_IT, self._pragma("page_count") - free):
                return False
            self._vacuum(_PAGES_AT_ONCE)
            if free <= _PAGES_AT_ONCE:
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            return free > _PAGES_AT_ONCE

    def prove(self) -> None:
        """Commit a write that no reader sees, and see that there is room for a record."""
        with self._work("cannot take records"):
            self._make_sure_of_room(_ROOM_BYTES)
            with _transaction(self._connection) as connection:
                # SQLite writes no page that stays as it is, so something must change; nobody else uses this number.
                (number,) = connection.execute("PRAGMA user_version").fetchone()
                connection.execute(f"PRAGMA user_version = {1 - int(number)}")

    def close(self) -> None:
        """Close the file and give the slot back."""
        with self._one_transaction:
            self._connection.close()
            self._lock.close()

    @contextmanager
    def _work(self, failure: str) -> Iterator[None]:
        """Do one thing at a time, and say of which file and what it was when it fails."""
        try:
            with self._one_transaction:
                yield
        except (sqlite3.Error, OSError) as error:
            raise LogUnavailable(f"{self.path} {failure}: {error}") from error

    def _delete(self, stream: Stream, offsets: Sequence[int]) -> None:
        try:
            with _transaction(self._connection) as connection:
                connection.executemany(_FORGET[stream], ((offset,) for offset in offsets))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL or len(offsets) < 2:
                raise
            self._give_back_wal()  # what is deleted so far takes no more room in the file than it had
            half = len(offsets) // 2
            self._delete(stream, offsets[:half])
            self._delete(stream, offsets[half:])

    def _vacuum(self, pages: int) -> None:
        try:
            # A script, because it runs the statement to its end: each step of it frees one page.
            self._connection.executescript(f"PRAGMA incremental_vacuum({pages})")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL or pages == 1:
                raise
            self._give_back_wal()
            self._vacuum(pages // 2)

    def _make_sure_of_room(self, size: int) -> None:
        if self._limit is not None:
            used = (self._pragma("page_count") - self._pragma("freelist_count")) * self._pragma("page_size")
            if used + size > self._limit:
                raise LogUnavailable(f"{self.path} is full: it may take {self._limit} bytes (PIXELS_SPOOL_LIMIT)")
        if not self._disk_has(size) and not (self._give_back_wal() and self._disk_has(size)):
            raise LogUnavailable(f"{self.path} cannot take records: the disk is full")

    def _disk_has(self, size: int) -> bool:
        """Tell whether there is room for a record, for what the write-ahead log may still put into the file, and to work."""
        disk = os.statvfs(self.path)
        return not disk.f_blocks or disk.f_bavail * disk.f_frsize >= size + self._wal_size() + RESERVE_BYTES

    def _wal_size(self) -> int:
        try:
            return self.path.with_name(f"{self.path.name}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def _give_back_wal(self) -> bool:
        """Move what the write-ahead log holds into the file and cut it off, unless somebody reads; return whether it was."""
        try:
            if not self._wal_size():
                return False
            self._connection.execute("PRAGMA busy_timeout = 0")
            return self._pragma("wal_checkpoint(TRUNCATE)") == 0
        except (sqlite3.Error, OSError):
            return False
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000:.0f}")

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])


def look_into(path: Path, *, patience: float = _BUSY_SECONDS) -> Waiting:
    """Return what waits in a file, whoever holds it, without taking it; raises `sqlite3.Error` when it cannot be read.

    It is opened for writing too: after a kill -9 the first to open recovers the write-ahead log.
    """
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=patience)) as connection:
        return what_waits(connection)


def what_waits(connection: sqlite3.Connection) -> Waiting:
    """Return what a file holds, nothing while it is being made; it takes no longer when that is much."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    streams = [stream for stream in STREAMS if stream in tables]
    ends = [connection.execute(_ENDS[stream]).fetchone() for stream in streams]
    firsts = [row[0] for stream in streams if (row := connection.execute(_OLDEST[stream]).fetchone())]
    times = [at for at in firsts if isinstance(at, int)]  # a damaged file may hold anything there
    return Waiting(sum(last - first + 1 for first, last in ends if last is not None), min(times, default=None))


def _connect(path: Path) -> sqlite3.Connection:
    """Open a slot's file, make its tables, and give it an identity if it has none."""
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # has an effect only on a file that is new
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_KEPT}")
        connection.executescript(sql("local_log.sql"))
        with _transaction(connection):
            connection.execute(
                "INSERT INTO log_identity SELECT ? WHERE NOT EXISTS (SELECT * FROM log_identity)", (str(uuid4()),)
            )
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # some errors, a full disk among them, end the transaction by themselves
            connection.execute("ROLLBACK")
        raise
