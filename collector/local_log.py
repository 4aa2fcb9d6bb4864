"""The embedded log: SQLite, one file per collector worker, one commit for all requests that wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Condition, Thread
from typing import NamedTuple

import structlog

from collector.clock import Clock, unix_milliseconds, utc_now
from collector.event_log import LogState, LogUnavailable, Stream
from collector.log_file import LogFile, Row
from collector.slots import open_slot

logger = structlog.get_logger("collector.local_log")

CAPACITY = 100_000
CAPACITY_BYTES = 64 * 1024 * 1024


class _Waiting(NamedTuple):
    """A record whose request waits for the commit."""

    stream: Stream
    key: bytes | None
    value: bytes
    stored: asyncio.Future[None]


class LocalLog:
    """One slot of the embedded log, or of the spool; `open_local_log` finds a free one.

    Requests queue up while a commit runs; the next commit takes all of them (group commit). `capacity` (records) and
    `CAPACITY_BYTES` bound the queue: beyond them `append` fails at once rather than let memory grow.
    """

    def __init__(self, file: LogFile, *, clock: Clock = utc_now, capacity: int = CAPACITY) -> None:
        self.file = file
        self._clock = clock
        self._capacity = capacity
        self._wake = Condition()
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._closing = False
        self._writer = Thread(target=self._write, name=f"local-log-{self.path.stem}", daemon=True)
        self._writer.start()

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return self.file.path

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        """Return when the record is on disk; raise `LogUnavailable` when it could not be put there."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._wake:
            if self._closing:
                raise LogUnavailable(f"{self.path} is closed")
            if len(self._waiting) >= self._capacity or self._waiting_bytes > CAPACITY_BYTES:
                raise LogUnavailable(f"{self.path} has {len(self._waiting)} records waiting; the disk does not keep up")
            self._waiting_bytes += len(value)
            self._waiting.append(_Waiting(stream, key, value, stored))
            self._wake.notify()
        await stored

    def append_all(self, stream: Stream, records: Iterable[tuple[bytes | None, bytes]], appended_at: datetime) -> None:
        """Append (key, value) records in one transaction, all of them or none, stamped with `appended_at`."""
        if self._closing:
            raise LogUnavailable(f"{self.path} is closed")
        milliseconds = unix_milliseconds(appended_at)
        self.file.add({stream: ((milliseconds, key, value) for key, value in records)}, size=0)

    async def check(self) -> LogState:
        """Commit a write that changes nothing; raise `LogUnavailable` when the disk does not take it."""
        await asyncio.to_thread(self.file.prove)
        return LogState("local", "the embedded log commits writes")

    def close(self) -> None:
        """Commit what waits, end the writer, close the file and give the slot back."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._writer.join()
        self.file.close()

    def _write(self) -> None:
        while batch := self._next_batch():
            failure = self._commit(batch)
            with suppress(RuntimeError):  # the event loop has ended: nobody waits for the answer any more
                batch[0].stored.get_loop().call_soon_threadsafe(_answer, batch, failure)

    def _next_batch(self) -> list[_Waiting]:
        """Wait for records and take all there are; an empty list means that the log closes."""
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._closing)
            batch, self._waiting, self._waiting_bytes = self._waiting, [], 0
            return batch

    def _commit(self, batch: Sequence[_Waiting]) -> str | None:
        """Store a batch in one transaction; return what went wrong, if anything did."""
        milliseconds = unix_milliseconds(self._clock())
        rows: dict[Stream, list[Row]] = {}
        for stream, key, value, _ in batch:
            rows.setdefault(stream, []).append((milliseconds, key, value))
        try:
            self.file.add(rows, sum(len(record.value) for record in batch))
        except LogUnavailable as error:
            return str(error)
        except Exception as error:  # a fault of ours; the requests that wait must hear of it all the same
            logger.exception("local_log.commit_failed", path=str(self.path), records=len(batch))
            return f"{self.path} cannot take records: {error}"
        return None


def open_local_log(
    folder: Path, *, clock: Clock = utc_now, capacity: int = CAPACITY, limit: int | None = None
) -> LocalLog:
    """Take the first slot of the folder that nobody holds; raises `LogUnavailable` when none can be opened."""
    return LocalLog(open_slot(folder, limit=limit), clock=clock, capacity=capacity)


def _answer(batch: Sequence[_Waiting], failure: str | None) -> None:
    """Wake every request of a batch; runs in the event loop."""
    for record in batch:
        if record.stored.done():  # its request was cancelled
            continue
        if failure is None:
            record.stored.set_result(None)
        else:
            record.stored.set_exception(LogUnavailable(failure))
