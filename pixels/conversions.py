"""Conversion: of the visitors who entered by a banner, how many registered, and how many of those deposited."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from pixels import funnel
from pixels.dimensions import Dimensions
from pixels.period import Period
from pixels.rates import rate
from pixels.rules import DAY, with_day

_ENTRY = "entry_date"
CREDITS = ("event", "registration")
_WINDOW = "7d"


def conversions(
    dimensions: Dimensions,
    period: Period,
    by: str | None,
    credit: str,
    complete_until: datetime,
    per: str | None = None,
) -> pl.DataFrame:
    """Count the people of the funnel visit, registration, deposit: window 7 days, new entrants, mature entries only.

    One row, or one a value of the dimension `by`, the most visitors first. Everybody is counted by the day of the entry:
    with `per` "day" there is a row for each such day (`entry_date`, the first column) and value, in this order; they sum to
    the same numbers. Raises BadParameter.

    visitors                people who visited in the range, and had not registered before
    registrations           those of them who registered in time
    registration_rate       registrations / visitors
    credited_registrations  the same people as in `registrations`, under the value that has the credit for their deposits
    deposits                those of them who deposited in time, under the same value
    deposit_rate            deposits / credited_registrations
    immature                people whose window was not over by `complete_until`: in none of the other columns

    The credit for deposits goes with `credit` "event" to the banner of the visit (or what else of it `by` asks for), as all
    else; with "registration" to that of the registration. Rates are null where nobody could convert.
    """
    question = funnel.ask(funnel.STEPS, _WINDOW, "ordered", "new")
    funnel.one_of("credit", credit, CREDITS)
    if per is not None:
        funnel.one_of("per", per, ("day",))
    people = funnel.people(dimensions, period, question, complete_until, by)
    registered = people.filter(pl.col("mature") & pl.col("step_2").is_not_null())
    if by is not None and credit == "registration":
        registered = dimensions.add(registered.drop(by), by, funnel.of_step(2))
    counted = pl.concat([_entered(people), _credited(registered)], how="diagonal")
    sums = [pl.col(name).sum().cast(pl.Int64) for name in _COUNTS]
    if per is not None:
        key = [_ENTRY] if by is None else [_ENTRY, by]
        counted = with_day(counted, dimensions.time_zone, "step_1").rename({DAY: _ENTRY})
        return counted.group_by(key).agg(sums).select(*key, *_COLUMNS).sort(key, nulls_last=True)
    if by is None:
        return counted.select(sums).select(_COLUMNS)
    return (
        counted.group_by(by)
        .agg(sums)
        .select(by, *_COLUMNS)
        .sort("visitors", by, descending=[True, False], nulls_last=True)
    )


_COUNTS = ("visitors", "registrations", "credited_registrations", "deposits", "immature")
_COLUMNS = [
    pl.col("visitors"),
    pl.col("registrations"),
    rate("registrations", "visitors").alias("registration_rate"),
    pl.col("credited_registrations"),
    pl.col("deposits"),
    rate("deposits", "credited_registrations").alias("deposit_rate"),
    pl.col("immature"),
]


def _entered(people: pl.DataFrame) -> pl.DataFrame:
    mature = pl.col("mature")
    registrations = mature & pl.col("step_2").is_not_null()
    return people.with_columns(visitors=mature, registrations=registrations, immature=~mature)


def _credited(registered: pl.DataFrame) -> pl.DataFrame:
    """Return those who registered, by what has the credit for their deposits."""
    return registered.with_columns(credited_registrations=pl.lit(value=True), deposits=pl.col("step_3").is_not_null())
