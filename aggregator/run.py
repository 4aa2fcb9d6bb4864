"""One pass, as cron runs it: drain all that the log holds now, store it, publish a snapshot.

The steps a pass goes through are named in STEPS, so that progress can be shown and tests can interrupt at each.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import duckdb
import structlog

from aggregator.decode import decode
from aggregator.failures import failures_explained
from aggregator.kafka_source import open_kafka_source
from aggregator.local_source import open_local_sources, trim_local_log
from aggregator.lock import AlreadyRunning, writer_lock
from aggregator.publish import (
    State,
    is_due,
    iso,
    move_pointer,
    prune_snapshots,
    publish_snapshot,
    published_file,
    read_state,
)
from aggregator.records import Offsets, Slice, Source
from aggregator.spool import complete_before
from aggregator.store import (
    Outcome,
    begin_run,
    checkpoint_and_close,
    complete_so_far,
    open_for_writing,
    save_offsets,
    save_run,
    store_batch,
    stored_offsets,
    transaction,
)
from pixels.config import Settings
from pixels.errors import PixelsError

STEPS = (
    "after_read",
    "before_commit",
    "after_commit",
    "before_checkpoint",
    "in_copy",
    "before_pointer",
    "after_pointer",
)

OnStep = Callable[[str], None]
Clock = Callable[[], datetime]
_log = structlog.get_logger()


def utc_now() -> datetime:
    """Return the time now, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class PassResult:
    """What a pass did; printed as one JSON line."""

    run_id: int
    snapshot: int
    published: bool
    outcome: Outcome
    complete_until: datetime
    seconds: float

    def as_json(self) -> str:
        """Return the line."""
        flat = {
            "run_id": self.run_id,
            "snapshot": self.snapshot,
            "published": self.published,
            **asdict(self.outcome),
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
) -> PassResult:
    """Do one pass and return what it did.

    Raises AlreadyRunning when another process writes this warehouse, and PixelsError with what to do when the log or
    the warehouse cannot be used: what was committed before stays, and the next pass goes on from there.
    """
    started, clock = now(), time.monotonic()
    with writer_lock(settings.home), failures_explained(settings.warehouse_path):
        with closing(open_for_writing(settings, started)) as con:
            run_id = begin_run(con)
            complete_until, total = _drain(con, settings, run_id, on_step, now, stop)
            state, offsets = read_state(con), stored_offsets(con)
            due = is_due(settings.published_dir, state)
            if due:
                on_step("before_checkpoint")
                checkpoint_and_close(con, settings.warehouse_path)
        _publish(settings, state, due, complete_until, on_step, now)
        cutoff = started - timedelta(days=settings.log_retention_days)
        trim_local_log(settings.log_dir, offsets, int(cutoff.timestamp() * 1000))
    return PassResult(run_id, state.snapshot, due, total, complete_until, time.monotonic() - clock)


def _drain(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    run_id: int,
    on_step: OnStep,
    now: Clock,
    stop: Callable[[], bool],
) -> tuple[datetime, Outcome]:
    """Store all batches up to the end of the logs as it is now; return until when all is stored, and what was done.

    A pass that is cut short stores what it read, and can say no more of the rest than the pass before.
    """
    total, started = Outcome(), now()
    complete_until = known = complete_so_far(con)
    drained_until = complete_before(settings.spool_dir, started, known)
    save = partial(save_run, con, run_id, started_at=started)
    with _opened_sources(settings, stored_offsets(con)) as sources:
        for batch in _batches(sources, settings.batch_size):
            on_step("after_read")
            with transaction(con):
                total += _store(con, batch, settings)
                save_offsets(con, {(piece.source, piece.partition): piece.next_offset for piece in batch})
                save(total, finished_at=now(), complete_until=known)
                on_step("before_commit")
            on_step("after_commit")
            for source in sources:
                source.mark_stored()
            if stop():
                break
        else:
            complete_until = drained_until
            save(total, finished_at=now(), complete_until=complete_until)
    return complete_until, total


def _store(con: duckdb.DuckDBPyConnection, batch: list[Slice], settings: Settings) -> Outcome:
    events, rejected = decode(batch)
    read = Outcome(records_read=sum(len(piece.values) for piece in batch))
    return read + store_batch(con, events, rejected, settings)


@contextmanager
def _opened_sources(settings: Settings, stored: Offsets) -> Iterator[list[Source]]:
    """Open every log there is: the embedded one always, Kafka when it is set. What either holds is drained."""
    sources: list[Source] = [*open_local_sources(settings.log_dir, stored)]
    if settings.kafka_bootstrap_servers:
        sources.append(open_kafka_source(settings, stored))
    try:
        yield sources
    finally:
        for source in sources:
            source.close()


def _batches(sources: list[Source], size: int) -> Iterator[list[Slice]]:
    """Yield the records of all sources in batches of about `size`, small sources together."""
    batch: list[Slice] = []
    held = 0
    for source in sources:
        while slices := source.read(max(1, size - held)):
            batch += slices
            held += sum(len(piece.values) for piece in slices)
            if held >= size:
                yield batch
                batch, held = [], 0
    if batch:
        yield batch


def _publish(
    settings: Settings, state: State, due: bool, complete_until: datetime, on_step: OnStep, now: Clock
) -> None:
    published, last_pass_at = settings.published_dir, now()
    if due:
        file = publish_snapshot(settings.warehouse_path, published, state.snapshot, on_step)
    else:
        file = published_file(published)
    on_step("before_pointer")
    move_pointer(published, state, file, complete_until=complete_until, last_pass_at=last_pass_at, now=now())
    on_step("after_pointer")
    prune_snapshots(published, settings.keep_snapshots, file)


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
            _one_pass(settings, stop)
        except PixelsError as error:  # the log may be back at the next pass
            _log.error("pass.failed", error=str(error))
        stop.wait_until(began + every)
    return 0


def _one_pass(settings: Settings, stop: Stop) -> int:
    try:
        result = run_pass(settings, stop=lambda: stop.asked)
    except AlreadyRunning:
        _log.info("pass.skipped", why="another pass is running", home=str(settings.home))
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
