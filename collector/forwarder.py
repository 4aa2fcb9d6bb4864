"""What sends the spool on: one thread a worker, which empties its own spool file and those that nobody owns any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

import structlog

from collector.clock import Clock
from collector.event_log import NOBODY, STREAMS, Fate, LogObserver, LogUnavailable, Stream
from collector.local_log import LocalLog
from collector.log_file import LogFile, Record
from collector.slots import adopt_slots

logger = structlog.get_logger("collector.forwarder")

BATCH_RECORDS = 1_000

_ROUND_SECONDS = 1.0
_ROUNDS_BETWEEN_ADOPTIONS = 5


class Destination(Protocol):
    """Where the records of a spool belong. The forwarder's thread calls it, and may be kept waiting."""

    def ready(self, stream: Stream) -> bool:
        """Tell whether records of the stream can be sent now."""

    def deliver(self, stream: Stream, records: Sequence[Record], stopped: Callable[[], bool]) -> list[Fate]:
        """Send records, none at all when nothing waits, and return what became of each; give up when `stopped` says so."""


class Forwarder:
    """Once a second: send on what waits, delete what was delivered, then see to the files that nobody owns.

    A record is deleted only after its delivery, so it arrives at least once, whenever the process ends. There is one
    forwarder a file, because only the holder of a file's lock reads it. `own_file` returns this worker's file, or None
    while it cannot be opened.
    """

    def __init__(
        self,
        spool_dir: Path,
        destination: Destination,
        *,
        own_file: Callable[[], LogFile | None],
        observer: LogObserver = NOBODY,
    ) -> None:
        self._spool_dir = spool_dir
        self._destination = destination
        self._own_file = own_file
        self._observer = observer
        self._stop = Event()
        self._told: set[str] = set()  # the troubles of the rounds before this adoption
        self._trouble: set[str] = set()  # those since
        self._refused_up_to: dict[tuple[Path, Stream], int] = {}
        self._thread = Thread(target=self._run, name="forwarder", daemon=True)

    def start(self) -> None:
        """Begin with a round at once."""
        self._thread.start()

    def stop(self) -> None:
        """Give up the batch that is under way, whose records stay in the file, and end the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        rounds = 0
        while not self._stop.is_set():
            adopt = rounds % _ROUNDS_BETWEEN_ADOPTIONS == 0
            if adopt:
                self._told, self._trouble = self._trouble, set()
            try:
                self._round(adopt=adopt)
            except Exception:  # a fault of ours must not end the forwarding for good
                logger.exception("forwarder.round_failed")
            rounds += 1
            self._stop.wait(_ROUND_SECONDS)

    def _round(self, *, adopt: bool) -> None:
        if self._empty(self._own_file()) and adopt:
            with self._telling():
                self._adopt()

    def _adopt(self) -> None:
        """Empty the files that nobody owns, one after the other, until one cannot be sent on."""
        for orphan in adopt_slots(self._spool_dir):
            with closing(orphan):
                if not self._empty(orphan):
                    return

    def _empty(self, file: LogFile | None) -> bool:
        """Forward what the file holds and give the room back; return whether all of it was sent."""
        well = [self._send(file, stream) for stream in STREAMS]
        with self._telling():
            while file and not self._stop.is_set() and file.shrink():
                pass
        return all(well)

    def _send(self, file: LogFile | None, stream: Stream) -> bool:
        """Forward the file's records of a stream; without a file, find out whether the destination takes any."""
        if not self._destination.ready(stream):
            return False
        if file:
            with self._telling():
                return self._forward(file, stream)
        self._destination.deliver(stream, [], self._stop.is_set)  # new ones may go there, whatever the file's state is
        return not file

    def _forward(self, file: LogFile, stream: Stream) -> bool:
        """Send batches until none is left, or none of a batch arrives; those that did not arrive stay."""
        after = self._refused_up_to.get((file.path, stream), 0)
        all_sent = True
        while not self._stop.is_set():
            records = file.read(stream, after, BATCH_RECORDS)
            fates = self._deliver(stream, records)
            all_sent = all_sent and Fate.FAILED not in fates
            if delivered := [r.offset for r, fate in zip(records, fates, strict=True) if fate is Fate.DELIVERED]:
                file.forget(stream, delivered)
                self._observer.forwarded(len(delivered))
            if not records or all(fate is Fate.FAILED for fate in fates):
                break
            after = records[-1].offset
            if all_sent and Fate.REFUSED in fates:
                self._pass_over(file, stream, after, fates.count(Fate.REFUSED))
        return all_sent

    def _deliver(self, stream: Stream, records: Sequence[Record]) -> list[Fate]:
        """Deliver a batch; what is refused is tried alone, since it may have been refused for another in the batch."""
        fates = self._destination.deliver(stream, records, self._stop.is_set)
        if len(records) > 1:
            for number, fate in enumerate(fates):
                if fate is Fate.REFUSED:
                    fates[number] = self._destination.deliver(stream, [records[number]], self._stop.is_set)[0]
        return fates

    def _pass_over(self, file: LogFile, stream: Stream, offset: int, records: int) -> None:
        """Leave records that are never taken in the file, for a person to look at, until the next start."""
        self._refused_up_to[file.path, stream] = offset
        logger.error("forwarder.records_refused", file=str(file.path), stream=stream, records=records)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Log a file that fails, and go on: once, not every second of a night."""
        try:
            yield
        except LogUnavailable as error:
            trouble = str(error)
            if trouble not in self._told | self._trouble:
                logger.warning("forwarder.waits", reason=trouble)
            self._trouble.add(trouble)


class IntoLocalLog:
    """The destination of a spool that is left from a time with Kafka, when none is set any more."""

    def __init__(self, log: LocalLog, clock: Clock) -> None:
        self._log, self._clock = log, clock

    def ready(self, stream: Stream) -> bool:
        """Say yes: if the disk takes nothing, the delivery says so."""
        return True

    def deliver(self, stream: Stream, records: Sequence[Record], stopped: Callable[[], bool]) -> list[Fate]:
        """Append all records in one transaction."""
        if records:
            self._log.append_all(stream, ((record.key, record.value) for record in records), self._clock())
        return [Fate.DELIVERED] * len(records)
