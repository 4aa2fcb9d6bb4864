"""One event type day by day, days without an event included."""

from __future__ import annotations

from datetime import date

import polars as pl

from pixels import Warehouse
from pixels.errors import BadParameter
from pixels.period import Period

MOST_DAYS = 3_660
"""Rows that are made of days without an event, at most: ten years."""


def trend(warehouse: Warehouse, event_type: str, start: date, end: date) -> pl.DataFrame:
    """Return event_date, event_type, count: the rows of `wh.metrics` of one type, and 0 for the other days.

    Raises BadParameter for more than MOST_DAYS.
    """
    if (days := Period(start, end).number_of_days) > MOST_DAYS:
        raise BadParameter("to", f"{days:,} days are more than {MOST_DAYS:,}; ask for fewer, or /api/metrics")
    counted = warehouse.metrics(start, end).filter(pl.col("event_type") == event_type)
    calendar = pl.select(event_date=pl.date_range(start, end, "1d"), event_type=pl.lit(event_type))
    return calendar.join(counted, on=["event_date", "event_type"], how="left", maintain_order="left").with_columns(
        pl.col("count").fill_null(0)
    )
