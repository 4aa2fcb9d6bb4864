"""The embedded log: SQLite, one file per collector worker, one commit for all requests that wait.

The form of a file is `schema/local_log.sql`. A worker holds its slot by a lock on the file beside it; the lock goes
with the process, however that ends, and the next worker carries on in the same file.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Condition, Lock, Thread
from typing import IO, NamedTuple
from uuid import uuid4

from collector.clock import Clock, unix_milliseconds, utc_now
from collector.event_log import LogUnavailable, Stream
from pixels.resources import sql

logger = logging.getLogger("collector.local_log")

SLOTS = 1000
CAPACITY = 10_000
_BUSY_SECONDS = 5.0  # the aggregator's deletes may hold the file for a moment

_INSERT: dict[Stream, str] = {
    "events_queue": "INSERT INTO events_queue (appended_at_ms, record_key, record_value) VALUES (?, ?, ?)",
    "events_queue_rejected": "INSERT INTO events_queue_rejected (appended_at_ms, record_key, record_value) VALUES (?, ?, ?)",
}


class _Waiting(NamedTuple):
    """A record whose request waits for the commit."""

    stream: Stream
    key: bytes | None
    value: bytes
    stored: asyncio.Future[None]


class LocalLog:
    """One slot of the embedded log; `open_local_log` finds a free one.

    Requests queue up while a commit runs; the next commit takes all of them (group commit). `capacity` bounds the
    queue: beyond it `append` fails at once rather than let memory grow.
    """

    def __init__(self, path: Path, lock: IO[bytes], *, clock: Clock = utc_now, capacity: int = CAPACITY) -> None:
        self.path = path
        self._lock = lock
        self._clock = clock
        self._capacity = capacity
        self._connection = _connect(path)
        self._one_transaction = Lock()
        self._wake = Condition()
        self._waiting: list[_Waiting] = []
        self._closing = False
        self._writer = Thread(target=self._write, name=f"local-log-{path.stem}", daemon=True)
        self._writer.start()

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        """Return when the record is on disk; raise `LogUnavailable` when it could not be put there."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._wake:
            if self._closing:
                raise LogUnavailable(f"{self.path} is closed")
            if len(self._waiting) >= self._capacity:
                raise LogUnavailable(f"{self.path} has {self._capacity} records waiting; the disk does not keep up")
            self._waiting.append(_Waiting(stream, key, value, stored))
            self._wake.notify()
        await stored

    def append_all(self, stream: Stream, records: Iterable[tuple[bytes | None, bytes]], appended_at: datetime) -> None:
        """Append (key, value) records in one transaction, all of them or none, stamped with `appended_at`."""
        milliseconds = unix_milliseconds(appended_at)
        try:
            with self._one_transaction, _transaction(self._connection) as connection:
                connection.executemany(_INSERT[stream], ((milliseconds, key, value) for key, value in records))
        except sqlite3.Error as error:
            raise LogUnavailable(f"{self.path} cannot take records: {error}. Nothing of them was stored.") from error

    def close(self) -> None:
        """Commit what waits, end the writer, close the file and give the slot back."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._writer.join()
        self._connection.close()
        self._lock.close()

    def _write(self) -> None:
        while batch := self._next_batch():
            failure = self._commit(batch)
            with suppress(RuntimeError):  # the event loop has ended: nobody waits for the answer any more
                batch[0].stored.get_loop().call_soon_threadsafe(_answer, batch, failure)

    def _next_batch(self) -> list[_Waiting]:
        """Wait for records and take all there are; an empty list means that the log closes."""
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._closing)
            batch, self._waiting = self._waiting, []
            return batch

    def _commit(self, batch: Sequence[_Waiting]) -> str | None:
        """Store a batch in one transaction; return what went wrong, if anything did."""
        milliseconds = unix_milliseconds(self._clock())
        try:
            with self._one_transaction, _transaction(self._connection) as connection:
                for stream, insert in _INSERT.items():
                    connection.executemany(
                        insert, ((milliseconds, r.key, r.value) for r in batch if r.stream == stream)
                    )
        except sqlite3.Error as error:
            return f"{self.path} cannot take records: {error}"
        except Exception as error:  # a fault of ours; the requests that wait must hear of it all the same
            logger.exception("local_log.commit_failed path=%s records=%d", self.path, len(batch))
            return f"{self.path} cannot take records: {error}"
        return None


def open_local_log(log_dir: Path, *, clock: Clock = utc_now, capacity: int = CAPACITY) -> LocalLog:
    """Take the first slot that nobody holds, made if need be; raises `LogUnavailable` when none can be opened."""
    try:
        log_dir.mkdir(parents=True, exist_ok=True)
        for number in range(SLOTS):
            slot = log_dir / f"slot-{number:03}"
            if lock := _lock(slot.with_suffix(".lock")):
                return _open_slot(slot.with_suffix(".sqlite"), lock, clock, capacity)
    except (OSError, sqlite3.Error) as error:
        raise LogUnavailable(
            f"The log in {log_dir} cannot be opened: {error}. Check the folder and the disk."
        ) from error
    raise LogUnavailable(f"All {SLOTS} slots in {log_dir} are taken; stop a collector.")


def _open_slot(path: Path, lock: IO[bytes], clock: Clock, capacity: int) -> LocalLog:
    try:
        return LocalLog(path, lock, clock=clock, capacity=capacity)
    except BaseException:
        lock.close()
        raise


def _lock(path: Path) -> IO[bytes] | None:
    """Lock the file for the life of the returned handle; None when another process has it."""
    handle = path.open("ab")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def _connect(path: Path) -> sqlite3.Connection:
    """Open a slot's file, make its tables, and give it an identity if it has none."""
    # The writer's thread and `append_all` share the connection, one transaction at a time.
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
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


def _answer(batch: Sequence[_Waiting], failure: str | None) -> None:
    """Wake every request of a batch; runs in the event loop."""
    for record in batch:
        if record.stored.done():  # its request was cancelled
            continue
        if failure is None:
            record.stored.set_result(None)
        else:
            record.stored.set_exception(LogUnavailable(failure))
