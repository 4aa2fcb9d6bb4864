"""Comparisons: the key figures of some days beside those of earlier days, where a change would not mislead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

from pixels.errors import BadParameter
from pixels.period import Period
from pixels.snapshot import Snapshot

AGAINST = ("previous", "weekday")
"""The days just before, or the same days of the week."""
_WEEK = 7


def days_with_data(snapshot: Snapshot) -> Period | None:
    """Return the first and the last day with a counted event; None in an empty warehouse."""
    first, last = snapshot.query("days_with_data").row(0)
    return None if first is None else Period(first, last)


def check_against(against: object) -> str:
    """Return which earlier days are meant. Raises BadParameter for what is none of these."""
    if not isinstance(against, str) or against not in AGAINST:
        raise BadParameter("against", f"{against!r} is not one of {', '.join(AGAINST)}")
    return against


def check_is_over(period: Period, today: date) -> Period:
    """Return the period. Raises BadParameter when `today`, the day that goes on, or a later one is in it."""
    if period.end >= today:
        raise BadParameter(
            "end",
            f"{period.end.isoformat()} is not over, and part of a day is not compared with a whole one: ask up to "
            f"{(today - timedelta(days=1)).isoformat()}, or wh.today() for the day that goes on",
        )
    return period


def earlier_days(period: Period, against: str = "previous") -> Period | None:
    """Return as many earlier days; None when the calendar has not so many.

    "previous" those just before; "weekday" the same days of the week: as few weeks earlier as do not overlap. For 7, 14,
    ... days both are the same.
    """
    length = period.number_of_days
    shift = timedelta(days=length if against == "previous" else -(-length // _WEEK) * _WEEK)
    if period.start - date.min < shift:
        return None
    return Period(period.start - shift, period.end - shift)


def comparable_days(period: Period, today: date, data: Period | None, against: str = "previous") -> Period | None:
    """Return the earlier days that a change is measured against, or None where that would mislead.

    It would when `period` is not over yet (`today` is the day that goes on), or when the data begins after the first of
    the earlier days.
    """
    earlier = earlier_days(period, against)
    if data is None or earlier is None or period.end >= today or earlier.start < data.start:
        return None
    return earlier


def compare(
    kpis: Callable[[Period], pl.DataFrame], period: Period, today: date, data: Period | None, against: str
) -> pl.DataFrame:
    """Lay what `kpis` (one row of counts) says of the period beside what it says of the earlier days; one row a figure.

    figure                  its name, in the order of `wh.kpis`
    now, before             what it was in the period, and in the earlier days; Int64, null where there is none
    change                  (now - before) / before; null when before is 0 or null
    start, end              the days of `now`
    before_start, before_end  those of `before`; all three null where there is nothing fair to compare with
    """
    earlier = comparable_days(period, today, data, against)
    now = kpis(period).unpivot(variable_name="figure", value_name="now")
    before = None if earlier is None else kpis(earlier).unpivot(value_name="before")["before"]
    return now.select(
        "figure",
        pl.col("now").cast(pl.Int64),
        pl.Series("before", before, pl.Int64) if before is not None else pl.lit(None, pl.Int64).alias("before"),
    ).with_columns(
        change("now", "before"),
        start=pl.lit(period.start),
        end=pl.lit(period.end),
        before_start=pl.lit(earlier and earlier.start, pl.Date),
        before_end=pl.lit(earlier and earlier.end, pl.Date),
    )


def change(now: str, before: str) -> pl.Expr:
    """Return how much more it is than before, relative to that; null when there was nothing before."""
    return pl.when(pl.col(before) > 0).then((pl.col(now) - pl.col(before)) / pl.col(before)).alias("change")
