"""One banner: its days, their sums, and how its visitors converted."""

from __future__ import annotations

from datetime import date

import polars as pl

from pixels import Warehouse
from pixels.errors import BadParameter


def daily(warehouse: Warehouse, banner: str, start: date, end: date) -> pl.DataFrame:
    """Return event_date, event_type, count of the banner. Raises BadParameter when nothing was ever received for it."""
    if warehouse.accounting(date.min, date.max, banner=banner).is_empty():
        raise BadParameter("banner", f"nothing was ever received for {banner!r}; tags are compared letter by letter")
    return warehouse.summary(start, end, banner).drop("banner_tag")


def totals(warehouse: Warehouse, banner: str, start: date, end: date) -> pl.DataFrame:
    """Return visits, registrations, deposits of the banner in one row."""
    return _row_of(warehouse.banners(start, end), banner)


def conversions(warehouse: Warehouse, banner: str, start: date, end: date, credit: str) -> pl.DataFrame:
    """Return the banner's row of `wh.conversions`; counts are 0 and rates null when nobody entered by it."""
    return _row_of(warehouse.conversions(start, end, by="banner_tag", credit=credit), banner)


def _row_of(frame: pl.DataFrame, banner: str) -> pl.DataFrame:
    found = frame.filter(pl.col("banner_tag") == banner).drop("banner_tag")
    if found.height:
        return found
    counts = {name: 0 for name, dtype in found.schema.items() if dtype == pl.Int64}
    return pl.DataFrame([{name: counts.get(name) for name in found.columns}], schema=found.schema)
