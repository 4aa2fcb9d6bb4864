"""The figures of a range day by day: those of them that add up."""

from __future__ import annotations

import polars as pl

from pixels.activity_by import milestones, summary_by
from pixels.dimensions import TAG, Dimensions
from pixels.period import Period
from pixels.rules import DAY

FIGURES = ("daily_unique_visitors", "registrations", "ftd", "first_deposits_without_registration", "deposit_days")
"""What a range has of these is the sum of its days."""


def daily(dimensions: Dimensions, period: Period, time_zone: str, by: str | None, credit: str) -> pl.DataFrame:
    """Return a row a day, or a day and value of the dimension, that has any of the figures: their counts (Int64).

    event_date, the dimension
    daily_unique_visitors, deposit_days   by the counted event
    registrations                         by the local day, and the event, of the first registration
    ftd                                   by the local day of the first deposit, and its event; with `credit` "registration"
                                          the event of the registration before it
    first_deposits_without_registration   by the first deposit

    They sum to what `pixels.kpis.kpis` and `pixels.activity_by.kpis_by` count in the period.
    """
    split = TAG if by is None else by
    counts = summary_by(dimensions, period, split)

    def of_type(event_type: str) -> pl.Expr:
        return pl.when(pl.col("event_type") == event_type).then("count")

    activity = counts.select(DAY, split, daily_unique_visitors=of_type("visit"), deposit_days=of_type("deposit"))
    firsts = milestones(dimensions, period, time_zone, split, credit).drop("ndc")
    key = [DAY] if by is None else [DAY, by]
    sums = pl.concat([activity, firsts], how="diagonal").group_by(key).agg(pl.col(FIGURES).sum().cast(pl.Int64))
    return sums.filter(pl.sum_horizontal(FIGURES) > 0).sort(key, nulls_last=True)
