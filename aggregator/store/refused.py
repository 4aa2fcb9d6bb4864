"""The refusals that are stored: which were chosen to be tried again, and the withdrawal of those that are refused no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from aggregator.decode import REJECTED_COLUMNS
from aggregator.store.history import span_of_days
from pixels.config import Settings
from pixels.resources import sql
from pixels.rules import DAY, with_day

STORED_REFUSAL = {**REJECTED_COLUMNS, "place": pl.String(), DAY: pl.Date()}
"""A refusal with the place of its log (null: it was read before places were kept) and the local day of its receipt."""

AT_ONCE = 20_000
"""Refusals that are held in memory, each of 8 KiB at most."""
_FIRST, _LAST = date(1, 1, 3), date(9999, 12, 28)
"""Nothing that is stored lies outside; between them and the ends of the calendar is room for time zones."""
_BEFORE_ALL = ("", -1, -1)


@dataclass(frozen=True)
class Choice:
    """Which refusals: of these reasons and ids (empty: of any), received on these local days, both included."""

    reasons: tuple[str, ...] = ()
    since: date = date.min
    until: date = date.max
    ids: tuple[str, ...] = ()
    """SOURCE/PARTITION/OFFSET each."""


def chosen_refusals(
    con: duckdb.DuckDBPyConnection, settings: Settings, choice: Choice, at_once: int = AT_ONCE
) -> Iterator[pl.DataFrame]:
    """Yield the chosen refusals that lie in the table, as STORED_REFUSAL, `at_once` of them, in the order of their positions.

    What is done to a piece does not disturb the next one.
    """
    first, last = span_of_days(pl.Series([choice.since, choice.until]).clip(_FIRST, _LAST))
    wanted = {"reasons": list(choice.reasons), "ids": list(choice.ids), "first": first, "last": last}
    position = _BEFORE_ALL
    while True:
        behind = dict(zip(("source", "partition", "offset"), position, strict=True))
        query = sql("queries/chosen_refusals.sql")
        piece = con.execute(query, {**wanted, **behind, "limit": at_once}).pl()
        if piece.is_empty():
            return
        position = piece.select("source", "partition", "offset").row(-1)
        of_days = with_day(piece, settings.timezone, "rejected_at").filter(
            pl.col(DAY).is_between(choice.since, choice.until)
        )
        if of_days.height:
            yield of_days.select(pl.col(name).cast(dtype) for name, dtype in STORED_REFUSAL.items())


def withdraw(con: duckdb.DuckDBPyConnection, refusals: pl.DataFrame) -> None:
    """Take refusals (STORED_REFUSAL) out of the tables, in the caller's transaction."""
    if refusals.height:
        con.register("withdrawn", refusals)
        con.execute(sql("upserts/withdrawn_refusals.sql"))
        con.unregister("withdrawn")
