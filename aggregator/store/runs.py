"""What each run did, and how far the logs are read: committed with the batches themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import duckdb

from aggregator.records import Offsets
from pixels import __version__
from pixels.resources import sql

Kind = Literal["pass", "import", "requeue", "rebuild", "erase", "banners"]
"""What a run was for."""


@dataclass(frozen=True)
class Outcome:
    """What one batch did to the warehouse."""

    records_read: int = 0
    events_stored: int = 0
    events_replaced: int = 0
    events_counted: int = 0
    records_repeated: int = 0
    """Records of an event that was stored already, or stands in the batch in an earlier form."""
    repeats_stored: int = 0
    """Those of them that were not stored yet, word for word; and the events that were replaced."""
    records_rejected: int = 0
    bots_set_aside: int = 0

    @property
    def figures_changed(self) -> bool:
        """Whether a reader could see the difference."""
        return bool(self.events_stored or self.events_replaced or self.repeats_stored or self.records_rejected)

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)))


def begin_run(con: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the run that begins."""
    (last,) = con.execute("SELECT coalesce(max(run_id), 0) FROM aggregation_runs").fetchone() or (0,)
    return int(last) + 1


def complete_so_far(con: duckdb.DuckDBPyConnection) -> datetime:
    """Return the instant before which all that was acknowledged is stored, as the newest run left it."""
    instant: datetime | None = con.sql(sql("queries/complete_so_far.sql")).pl().item()
    return instant or datetime.fromtimestamp(0, UTC)


def save_run(
    con: duckdb.DuckDBPyConnection,
    run_id: int,
    kind: Kind,
    total: Outcome,
    *,
    started_at: datetime,
    finished_at: datetime,
    complete_until: datetime,
    figures_changed: bool | None = None,
) -> None:
    """Write the run's row as it stands after its last batch so far; `figures_changed` None: as `total` says."""
    con.execute(
        sql("upserts/aggregation_runs.sql"),
        {
            "run_id": run_id,
            "kind": kind,
            "started_at": started_at,
            "finished_at": finished_at,
            "complete_until": complete_until,
            **vars(total),
            "figures_changed": total.figures_changed if figures_changed is None else figures_changed,
            "code_version": __version__,
        },
    )


def stored_offsets(con: duckdb.DuckDBPyConnection) -> Offsets:
    """Return where reading goes on, by source and partition."""
    rows = con.execute('SELECT source, "partition", next_offset FROM log_offsets').fetchall()
    return {(source, partition): offset for source, partition, offset in rows}


def save_offsets(con: duckdb.DuckDBPyConnection, offsets: Offsets) -> None:
    """Move the next offsets on, in the caller's transaction."""
    if offsets:
        con.executemany(
            "INSERT OR REPLACE INTO log_offsets VALUES (?, ?, ?)",
            [(source, partition, offset) for (source, partition), offset in offsets.items()],
        )
