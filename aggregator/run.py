"""One pass, as cron runs it: drain all that the log holds now, store it, publish a snapshot.

The steps a pass goes through are named in STEPS, so that progress can be shown and tests can interrupt at each.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Event

import polars as pl
import structlog

from aggregator.ahead import made_ahead
from aggregator.decode import decode
from aggregator.local_source import trim_local_log
from aggregator.lock import AlreadyRunning
from aggregator.progress import progress_bar
from aggregator.publish import iso
from aggregator.records import Gap, Offsets, Slice, Source
from aggregator.sources import batches, left_in, opened_sources, tell_of_gaps, tell_of_replaced
from aggregator.spool import complete_before
from aggregator.store.log import save_sources
from aggregator.store.runs import Outcome, stored_offsets
from aggregator.writing import STEPS as STEPS_OF_WRITING
from aggregator.writing import Clock, OnStep, Session, utc_now, writing
from pixels.config import Settings
from pixels.errors import PixelsError

STEPS = ("after_read", *STEPS_OF_WRITING)

CHEAP_SNAPSHOT = 5.0
"""Seconds a snapshot may take to follow another at once, when passes are minutes apart as cron's are, or started by hand."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class PassResult:
    """What a pass did; printed as one JSON line."""

    run_id: int
    snapshot: int
    published: bool
    outcome: Outcome
    records_lost: int
    """Records that the log deleted before this pass could read them."""
    finished: bool
    """Whether it reached the end of the logs; a signal can cut it short."""
    complete_until: datetime
    seconds: float

    def as_json(self) -> str:
        """Return the line."""
        flat = {
            "run_id": self.run_id,
            "snapshot": self.snapshot,
            "published": self.published,
            **asdict(self.outcome),
            "records_lost": self.records_lost,
            "finished": self.finished,
            "complete_until": iso(self.complete_until),
            "seconds": round(self.seconds, 3),
        }
        return json.dumps(flat)


def run_pass(
    settings: Settings,
    *,
    on_step: OnStep = lambda step: None,
    now: Clock = utc_now,
    stop: Callable[[], bool] = lambda: False,
    at_once_below: float = CHEAP_SNAPSHOT,
) -> PassResult:
    """Do one pass and return what it did; a snapshot may have to wait for a later one (`aggregator.publish.publish`).

    Raises AlreadyRunning when another process writes this warehouse, and PixelsError with what to do when the log or
    the warehouse cannot be used: what was committed before stays, and the next pass goes on from there.
    """
    clock = time.monotonic()
    with writing(settings, "pass", on_step=on_step, now=now, stop=stop, at_once_below=at_once_below) as session:
        finished = _drain(session, stop)
        offsets = stored_offsets(session.con)
    cutoff = session.started_at - timedelta(days=settings.log_retention_days)
    trim_local_log(settings.log_dir, offsets, int(cutoff.timestamp() * 1000))
    return PassResult(
        session.run_id,
        session.snapshot,
        session.published,
        session.total,
        session.records_lost,
        finished,
        session.complete_until,
        time.monotonic() - clock,
    )


def _drain(session: Session, stop: Callable[[], bool]) -> bool:
    """Store all batches up to the end of the logs as it is now; return whether that was reached.

    A pass that is cut short stores what it read, and can say no more of the rest than the pass before.
    """
    settings, con = session.settings, session.con
    drained_until = complete_before(settings.spool_dir, session.now(), session.known)
    left_early = Event()  # tells the thread that reads ahead to end
    with opened_sources(settings, stored_offsets(con), lambda: stop() or left_early.is_set()) as sources:
        tell_of_replaced(save_sources(con, [log for source in sources for log in source.origins], session.now()))
        with (
            progress_bar("Storing", left_in(sources)) as show,
            made_ahead(map(_decoded, batches(sources, settings.batch_size, stop))) as coming,
        ):
            try:
                finished = _store_all(session, coming, sources, show, stop)
            finally:
                left_early.set()
        finished = finished and left_in(sources) == 0
    if finished:
        session.complete_until = drained_until
    return finished


@dataclass(frozen=True)
class _Batch:
    """What a transaction stores; the records themselves are let go."""

    events: pl.DataFrame
    rejected: pl.DataFrame
    offsets: Offsets
    gaps: list[Gap]
    records_read: int


def _decoded(slices: list[Slice]) -> _Batch:
    events, rejected = decode(slices)
    return _Batch(
        events,
        rejected,
        offsets={(piece.source, piece.partition): piece.next_offset for piece in slices},
        gaps=[gap for piece in slices for gap in piece.gaps],
        records_read=sum(len(piece.values) for piece in slices),
    )


def _store_all(
    session: Session,
    batches: Iterator[_Batch],
    sources: list[Source],
    show: Callable[[int], None],
    stop: Callable[[], bool],
) -> bool:
    """Store batch after batch; return whether that was all of them."""
    for batch in batches:
        session.on_step("after_read")
        session.store(batch.events, batch.rejected, batch.offsets, batch.gaps, records_read=batch.records_read)
        tell_of_gaps(batch.gaps)
        for source in sources:
            source.mark_stored(batch.offsets)
        show(session.total.records_read)
        if stop():
            return False
    return True


def aggregate(settings: Settings, every: float | None = None) -> int:
    """Run one pass, or one `every` seconds until SIGTERM or SIGINT; print a JSON line for each. Return the exit code.

    A pass that finds another at work leaves at once, with exit code 0.
    """
    configure_logging()
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.ask)
    if every is None:
        return _one_pass(settings, stop)
    while not stop.asked:
        began = time.monotonic()
        try:
            _one_pass(settings, stop, at_once_below=0)
        except PixelsError as error:  # the log may be back at the next pass
            _log.error("pass.failed", error=str(error))
        stop.wait_until(began + every)
    return 0


def _one_pass(settings: Settings, stop: Stop, at_once_below: float = CHEAP_SNAPSHOT) -> int:
    try:
        result = run_pass(settings, stop=lambda: stop.asked, at_once_below=at_once_below)
    except AlreadyRunning as other:
        if other.stalled:
            raise
        idle = round(other.idle_seconds, 1)
        _log.info(
            "pass.skipped", why="another pass is running", pid=other.pid, idle_seconds=idle, home=str(settings.home)
        )
        return 0
    print(result.as_json(), flush=True)
    return 0


def configure_logging() -> None:
    """Log to stderr, so that stdout carries results alone."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


class Stop:
    """Whether a signal asked for the end: the pass ends after its current transaction.

    No `threading.Event`: set in a handler, it can wait for a lock that the interrupted thread itself holds.
    """

    _LOOK_EVERY_SECONDS = 0.1

    def __init__(self) -> None:
        self.asked = False

    def ask(self, *_: object) -> None:
        """Take the signal."""
        self.asked = True

    def wait_until(self, due: float) -> None:
        """Return at `due` (time.monotonic), or soon after the end was asked for."""
        while not self.asked and (left := due - time.monotonic()) > 0:
            time.sleep(min(left, self._LOOK_EVERY_SECONDS))


__all__ = ["STEPS", "PassResult", "aggregate", "run_pass"]
