"""What is known of the logs themselves: which were read, where they lie, and what they lost before it was read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import duckdb
import polars as pl

from aggregator.records import Gap, Origin
from pixels.resources import sql

_GAP_COLUMNS = {
    "source": pl.String(),
    "partition": pl.Int32(),
    "first_offset": pl.Int64(),
    "next_offset": pl.Int64(),
}


class Replaced(NamedTuple):
    """A log that was found where another one, `former`, was before."""

    source: str
    place: str
    former: str


def save_sources(con: duckdb.DuckDBPyConnection, found: Sequence[Origin], now: datetime) -> list[Replaced]:
    """Write down the logs that are read for the first time; return those of them that took the place of another."""
    rows = [(origin.source, origin.place) for origin in found]
    con.register("found_logs", pl.DataFrame(rows, schema={"source": pl.String, "place": pl.String}, orient="row"))
    replaced = con.execute(sql("queries/replaced_logs.sql")).fetchall()
    con.execute(sql("upserts/log_sources.sql"), {"now": now})
    con.unregister("found_logs")
    return [Replaced(*row) for row in replaced]


def save_gaps(con: duckdb.DuckDBPyConnection, gaps: Sequence[Gap], run_id: int, now: datetime) -> None:
    """Write down what is missing, in the transaction that moves the offsets past it."""
    if gaps:
        rows = [(gap.source, gap.partition, gap.first_offset, gap.next_offset) for gap in gaps]
        con.register("new_gaps", pl.DataFrame(rows, schema=_GAP_COLUMNS, orient="row"))
        con.execute(sql("upserts/log_gaps.sql"), {"run_id": run_id, "now": now})
        con.unregister("new_gaps")
