"""One write session: the lock, the open warehouse, a run, and at the end a snapshot of what changed.

A pass, an import, a requeue and an erasure are each one session. The steps it goes through are named in STEPS, so that
progress can be shown and tests can interrupt at each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import polars as pl

from aggregator.failures import failures_explained
from aggregator.lock import writer_lock
from aggregator.publish import (
    State,
    is_due,
    move_pointer,
    prune_snapshots,
    publish_snapshot,
    published_file,
    read_state,
)
from aggregator.records import Gap, Offsets
from aggregator.store.batch import store_batch
from aggregator.store.log import save_gaps
from aggregator.store.opening import checkpoint_and_close, open_for_writing, transaction
from aggregator.store.runs import Kind, Outcome, begin_run, complete_so_far, save_offsets, save_run
from pixels.config import Settings

STEPS = ("before_commit", "after_commit", "before_checkpoint", "in_copy", "before_pointer", "after_pointer")

OnStep = Callable[[str], None]
Clock = Callable[[], datetime]


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
    total: Outcome = field(default_factory=Outcome)
    records_lost: int = 0
    """Records that the logs deleted before they could be read."""
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
        records_read: int,
    ) -> Outcome:
        """Store a batch (EVENT_COLUMNS, REJECTED_COLUMNS) in one transaction, with the offsets behind it and the `gaps` before them."""
        with transaction(self.con):
            outcome = Outcome(records_read=records_read) + store_batch(self.con, events, rejected, self.settings)
            save_offsets(self.con, offsets or {})
            save_gaps(self.con, gaps, self.run_id, self.now())
            self.total += outcome
            self._save(self.known)
            self.on_step("before_commit")
        self.records_lost += sum(gap.lost for gap in gaps)
        self.on_step("after_commit")
        return outcome

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
        )


@contextmanager
def writing(
    settings: Settings, kind: Kind, *, on_step: OnStep = lambda step: None, now: Clock = utc_now
) -> Iterator[Session]:
    """Hold the writer lock and the open warehouse; at a normal end publish what changed, and move the pointer.

    Raises AlreadyRunning when another process writes this warehouse, and PixelsError with what to do when the warehouse
    cannot be used: what was committed before stays, and the next session goes on from there.
    """
    started = now()
    with writer_lock(settings.home) as lock, failures_explained(settings.warehouse_path):

        def step(name: str) -> None:
            lock.progress()
            on_step(name)

        with closing(open_for_writing(settings, started)) as con:
            known = complete_so_far(con)
            session = Session(con, settings, kind, begin_run(con), started, known, known, step, now)
            yield session
            session.end()
            state = read_state(con)
            session.snapshot, session.published = state.snapshot, is_due(settings.published_dir, state)
            if session.published:
                step("before_checkpoint")
                checkpoint_and_close(con, settings.warehouse_path)
        _publish(session, state)


def _publish(session: Session, state: State) -> None:
    published, last_pass_at = session.settings.published_dir, session.now()
    if session.published:
        file = publish_snapshot(session.settings.warehouse_path, published, state.snapshot, session.on_step)
    else:
        file = published_file(published)
    session.on_step("before_pointer")
    move_pointer(
        published, state, file, complete_until=session.complete_until, last_pass_at=last_pass_at, now=session.now()
    )
    session.on_step("after_pointer")
    prune_snapshots(published, session.settings.keep_snapshots, file)
