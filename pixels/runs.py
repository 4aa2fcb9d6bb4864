"""How a snapshot came about: what wrote to its warehouse, by which rules, and what never got there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pixels.errors import BadParameter
from pixels.rules import INSTANT
from pixels.snapshot import Snapshot

MOST = 10_000


def runs(snapshot: Snapshot, number: int) -> pl.DataFrame:
    """Return the newest runs that the snapshot knows, the newest first.

    run_id, kind       pass, import, requeue, rebuild, erase or banners
    started_at, finished_at    UTC; the end is when it had stored all, before it published
    complete_until     before this instant all that was acknowledged was stored when it ended, UTC
    records_read, events_stored, events_counted, records_repeated, records_rejected, bots_set_aside
    figures_changed    whether a reader could see the difference
    code_version

    A run that stored nothing because it failed has no row, and passes that found nothing go after a week.
    Raises BadParameter for a number that is none from 1 to 10,000.
    """
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MOST:
        raise BadParameter("number", f"{number!r} is not a number of runs from 1 to {MOST:,}")
    instants = pl.col("started_at", "finished_at", "complete_until").cast(INSTANT)
    return snapshot.query("newest_runs", number=number).with_columns(instants)


@dataclass(frozen=True)
class Provenance:
    """What a warehouse is, and what its figures rest on besides the records."""

    warehouse_uuid: str
    made_at: datetime
    count_bots: bool
    """Whether visits of declared crawlers count."""
    records_lost: int
    """Records that the logs deleted before a pass read them."""
    archived_files: int
    archived_bytes: int


def provenance(snapshot: Snapshot) -> Provenance:
    """Return what the snapshot says of its warehouse."""
    return Provenance(**snapshot.query("provenance").with_columns(pl.col("made_at").cast(INSTANT)).row(0, named=True))
