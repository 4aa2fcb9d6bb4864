"""One write session: the lock, the open warehouse, a run, and at the end a snapshot of what changed.

A pass, an import, a requeue, an erasure and a change of banners are each one session. The steps it goes through are named in STEPS, so that
progress can be shown and tests can interrupt at each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import polars as pl
import structlog

from aggregator.archive import STEPS_OF_ARCHIVE, CannotArchive, archive_due
from aggregator.erasure_journal import unfinished
from aggregator.failures import failures_explained
from aggregator.forgetting import forget_in_records, forget_in_refusals
from aggregator.lock import writer_lock
from aggregator.publish import publish
from aggregator.records import Gap, Offsets
from aggregator.store.banners import Banner, write_banners
from aggregator.store.batch import store_batch
from aggregator.store.log import save_gaps
from aggregator.store.opening import is_rebuild_due, open_for_writing, transaction
from aggregator.store.rebuilding import clear_leftovers, rebuild_warehouse
from aggregator.store.refused import withdraw
from aggregator.store.runs import Kind, Outcome, begin_run, complete_so_far, save_offsets, save_run
from aggregator.tombstones import Tombstones, stored_tombstones
from pixels.config import Settings

STEPS = (
    "before_commit",
    "after_commit",
    *STEPS_OF_ARCHIVE,
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


@dataclass
class Session:
    """A warehouse that is open for writing, and the run that writes."""

    con: duckdb.DuckDBPyConnection
    settings: Settings
    kind: Kind
    run_id: int
    started_at: datetime
    known: datetime
    """Until when all that was acknowledged was stored before this run."""
    complete_until: datetime
    """The same at the end of this run: as `known`, unless the run says more."""
    on_step: OnStep
    now: Clock
    tombstones: Tombstones
    """Who was erased: their names are taken out of whatever is stored."""
    total: Outcome = field(default_factory=Outcome)
    records_lost: int = 0
    """Records that the logs deleted before they could be read."""
    something_else_changed: bool = False
    """Whether readers see a change that `total` does not tell of: refusals that were withdrawn, banners."""
    snapshot: int = 0
    """Number of the newest figure-changing run; known at the end."""
    published: bool = False
    """Whether this session published it."""

    def store(
        self,
        events: pl.DataFrame,
        rejected: pl.DataFrame,
        offsets: Offsets | None = None,
        gaps: Sequence[Gap] = (),
        *,
        withdrawn: pl.DataFrame | None = None,
        records_read: int,
    ) -> Outcome:
        """Store a batch (EVENT_COLUMNS, REJECTED_COLUMNS) in one transaction, with the offsets behind it and the `gaps` before them.

        `withdrawn` are stored refusals (STORED_REFUSAL) in whose place the batch comes.
        """
        events, rejected = forget_in_records(events, self.tombstones), forget_in_refusals(rejected, self.tombstones)
        with transaction(self.con):
            if withdrawn is not None:
                withdraw(self.con, withdrawn)
                self.something_else_changed = True
            outcome = Outcome(records_read=records_read) + store_batch(self.con, events, rejected, self.settings)
            save_offsets(self.con, offsets or {})
            save_gaps(self.con, gaps, self.run_id, self.now())
            self.total += outcome
            self._save(self.known)
            self.on_step("before_commit")
        self.records_lost += sum(gap.lost for gap in gaps)
        self.on_step("after_commit")
        return outcome

    def change_banners(self, written: Mapping[str, Banner], removed: Collection[str]) -> None:
        """Store what is said of banners, in place of what was said of them, and forget the `removed`, in one transaction."""
        with transaction(self.con):
            write_banners(self.con, written, removed)
            self.something_else_changed = True
            self._save(self.known)
            self.on_step("before_commit")
        self.on_step("after_commit")

    def end(self) -> None:
        """Write down until when all is stored, also when nothing was read."""
        self._save(self.complete_until)

    def _save(self, complete_until: datetime) -> None:
        save_run(
            self.con,
            self.run_id,
            self.kind,
            self.total,
            started_at=self.started_at,
            finished_at=self.now(),
            complete_until=complete_until,
            figures_changed=True if self.something_else_changed else None,
        )


@contextmanager
def writing(
    settings: Settings,
    kind: Kind,
    *,
    on_step: OnStep = lambda step: None,
    now: Clock = utc_now,
    stop: Callable[[], bool] = lambda: False,
    at_once_below: float = math.inf,
    wait: bool = False,
) -> Iterator[Session]:
    """Hold the writer lock and the open warehouse; at a normal end archive what is due, publish what changed, move the pointer.

    `stop` ends the archiving after the transaction it is in; `at_once_below` is that of `publish`.

    Raises AlreadyRunning when another process writes this warehouse, unless told to `wait` for it, and PixelsError with what
    to do when the warehouse cannot be used: what was committed before stays, and the next session goes on from there.
    """
    started = now()
    with holding_the_lock(settings, on_step, wait=wait) as step, closing(opened(settings, started, step, now)) as con:
        known = complete_so_far(con)
        tombstones = stored_tombstones(con, settings.home)
        if unfinished(settings.home):
            _log.warning("erasure.unfinished", what_to_do="pixels erase", home=str(settings.home))
        session = Session(con, settings, kind, begin_run(con), started, known, known, step, now, tombstones)
        yield session
        session.end()
        failed = _archive(session, stop)
        session.snapshot, session.published = publish(
            con, settings, session.complete_until, step, now, at_once_below=at_once_below
        )
        if failed:
            raise failed


@contextmanager
def holding_the_lock(settings: Settings, on_step: OnStep, *, wait: bool = False) -> Iterator[OnStep]:
    """Hold the writer lock, clear what a killed holder left, explain what fails; yield what each step is told to.

    Raises AlreadyRunning when another process holds it, unless this one is to `wait`.
    """
    with writer_lock(settings.home, wait=wait) as lock, failures_explained(settings.warehouse_path):

        def step(name: str) -> None:
            lock.progress()
            on_step(name)

        clear_leftovers(settings)
        yield step


def _archive(session: Session, stop: Callable[[], bool]) -> CannotArchive | None:
    """Archive what is due; what hinders that is raised when the figures, which it does not concern, are published."""
    try:
        archive_due(session.con, session.settings, session.now(), session.on_step, stop)
    except CannotArchive as failed:
        return failed
    return None


def opened(settings: Settings, started: datetime, step: OnStep, now: Clock) -> duckdb.DuckDBPyConnection:
    """Open the warehouse; compute its aggregates anew first, when those of an older version lack something."""
    con = open_for_writing(settings, started)
    if not is_rebuild_due(con):
        return con
    con.close()
    _log.info("warehouse.rebuild", why="its figures were computed by an older version", home=str(settings.home))
    rebuild_warehouse(settings, on_step=step, now=now)
    return open_for_writing(settings, now())
