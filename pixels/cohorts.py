"""Cohorts: of the players who registered in one week or month, how many deposited by then and then."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from pixels.errors import BadParameter
from pixels.period import Period
from pixels.rates import rate
from pixels.rules import DAY, with_day
from pixels.snapshot import Snapshot

_UNITS = {"week": "w", "month": "mo"}
_MOST_PERIODS = 600
_CELL = ["cohort", "offset"]


def check_question(by: Any, periods: Any) -> None:
    """Raise BadParameter for what is no period of the calendar, or no number of them."""
    if not isinstance(by, str) or by not in _UNITS:
        raise BadParameter("by", f"{by!r} is not one of {', '.join(_UNITS)}")
    if not isinstance(periods, int) or isinstance(periods, bool) or not 1 <= periods <= _MOST_PERIODS:
        raise BadParameter("periods", f"{periods!r} is not a whole number from 1 to {_MOST_PERIODS}")


def cohorts(
    snapshot: Snapshot, period: Period, by: str, periods: int, time_zone: str, complete_day: date, last_day: date
) -> pl.DataFrame:
    """Return the cohorts of the period, at most `periods` cells each; one row a cohort and offset, in that order.

    A player belongs to the week (from Monday) or month of the first registration, if its local day is in the period.
    `complete_day` is the local day up to which everything is counted, `last_day` the last of which there may be events.

    cohort                first day of the week or month
    offset                0: the week or month of the registration; 1: the next; ... up to that of `last_day`
    players               of the cohort: the denominator of all rates
    deposited_before      players who made their first deposit before they registered; no part of the columns below
    first_depositors, first_deposit_rate     players who made their first deposit by the end of that week or month
    repeat_depositors, repeat_deposit_rate   players who deposited on a second day by the end of it
    active_depositors, active_rate           players who deposited in it
    mature                whether that week or month is over by `complete_day`; false: the counts can still grow
    """
    unit = _UNITS[by]
    rows = with_day(
        snapshot.query("cohort_deposits", start=period.start, end=period.end), time_zone, "registration_at"
    ).filter(pl.col(DAY).is_between(period.start, period.end))
    rows = rows.with_columns(cohort=pl.col(DAY).dt.truncate(f"1{unit}"))
    deposits = rows.filter(pl.col("deposit_day").is_not_null()).with_columns(offset=_offset(pl.col("deposit_day"), by))
    cells = _cells(rows, by, periods, last_day)
    for name, counted in _depositors(deposits).items():
        cells = cells.join(counted.group_by(_CELL).agg(pl.len().cast(pl.Int64).alias(name)), on=_CELL, how="left")
    return _with_rates(cells.fill_null(0).sort(_CELL), unit, complete_day)


def _offset(day: pl.Expr, by: str) -> pl.Expr:
    """Return how many weeks or months a day lies after the cohort; where clocks went back to the day before, not less than 0."""
    cohort = pl.col("cohort")
    if by == "week":
        between = (day - cohort).dt.total_days().floordiv(7)
    else:
        between = (day.dt.year() - cohort.dt.year()) * 12 + day.dt.month() - cohort.dt.month()
    return between.cast(pl.Int64).clip(lower_bound=0)


def _cells(rows: pl.DataFrame, by: str, periods: int, last_day: date) -> pl.DataFrame:
    """Return every cell of every cohort, with the size of the cohort."""
    sizes = (
        rows.filter(pl.col("nth") == 1)
        .group_by("cohort")
        .agg(players=pl.len().cast(pl.Int64), deposited_before=pl.col("deposited_before").sum().cast(pl.Int64))
    )
    last = _offset(pl.lit(last_day), by).clip(upper_bound=periods - 1)
    return sizes.with_columns(offset=pl.int_ranges(0, last + 1)).explode("offset")


def _depositors(deposits: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return which deposits are counted in the cell that they fall into."""
    return {
        "first_depositors": deposits.filter(pl.col("nth") == 1),
        "repeat_depositors": deposits.filter(pl.col("nth") == 2),
        "active_depositors": deposits.unique(["player_id", "offset"]),
    }


def _with_rates(cells: pl.DataFrame, unit: str, complete_day: date) -> pl.DataFrame:
    by_then = cells.with_columns(pl.col("first_depositors", "repeat_depositors").cum_sum().over("cohort"))
    end = pl.col("cohort").dt.offset_by(pl.format(f"{{}}{unit}", pl.col("offset") + 1))
    return by_then.select(
        *_CELL,
        "players",
        "deposited_before",
        "first_depositors",
        rate("first_depositors", "players").alias("first_deposit_rate"),
        "repeat_depositors",
        rate("repeat_depositors", "players").alias("repeat_deposit_rate"),
        "active_depositors",
        rate("active_depositors", "players").alias("active_rate"),
        (end <= complete_day).alias("mature"),
    )
