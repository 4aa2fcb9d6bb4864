"""What became of daily counts since an older snapshot: late events revise days that were over."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from pixels.errors import BadParameter
from pixels.period import Day, Period, parse_period

if TYPE_CHECKING:
    from pixels.warehouse import Warehouse

_IDENTITY = "SELECT warehouse_uuid FROM warehouse"
_KEY = ["event_date", "event_type", "banner_tag"]


def days_from_to(start: Day | None, end: Day | None) -> Period:
    """Return the days from `start` to `end`; None: without an end there. Raises BadParameter."""
    return parse_period(date.min if start is None else start, date.max if end is None else end)


def changes(before: Warehouse, after: Warehouse, period: Period) -> pl.DataFrame:
    """Return the daily counts of the period that differ between two snapshots, in order.

    event_date, event_type, banner_tag
    before, after  counts as `summary` has them; 0 where it has no row
    change         after - before; negative where an earlier event took the credit
    revised        whether the day was over when the snapshot before was complete; false: the day has gone on since

    Raises BadParameter when `before` is of another warehouse, is the newer one, or counts days of another time zone.
    """
    _check_comparable(before, after)
    older, newer = (warehouse.summary(period.start, period.end) for warehouse in (before, after))
    counts = older.join(newer, on=_KEY, how="full", coalesce=True, suffix="_after")
    of_both = counts.select(*_KEY, before=pl.col("count").fill_null(0), after=pl.col("count_after").fill_null(0))
    running_day = before.complete_until.astimezone(ZoneInfo(before.time_zone)).date()
    return (
        of_both.filter(pl.col("before") != pl.col("after"))
        .with_columns(change=pl.col("after") - pl.col("before"), revised=pl.col("event_date") < running_day)
        .sort(_KEY)
    )


def _check_comparable(before: Warehouse, after: Warehouse) -> None:
    if _identity(before) != _identity(after):
        raise BadParameter(
            "since_snapshot",
            f"{before.file} is a snapshot of another warehouse: its counts never were those of this one",
        )
    if before.snapshot > after.snapshot:
        raise BadParameter(
            "since_snapshot", f"{before.snapshot} is newer than this one, {after.snapshot}: ask the newer of the two"
        )
    if before.time_zone != after.time_zone:
        raise BadParameter(
            "since_snapshot",
            f"its days are those of {before.time_zone}, here of {after.time_zone}: choose one made after the rebuild",
        )


def _identity(warehouse: Warehouse) -> list[tuple[str]]:
    """Return what a warehouse is given when it is made, and keeps when it is rebuilt."""
    return warehouse.sql(_IDENTITY).rows()
