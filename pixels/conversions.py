"""Conversion: of the visitors who entered by a banner, how many registered, and how many of those deposited."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from pixels import funnel
from pixels.period import Period
from pixels.snapshot import Snapshot

CREDITS = ("event", "registration")
_WINDOW = "7d"


def conversions(
    snapshot: Snapshot, period: Period, by: str | None, credit: str, complete_until: datetime
) -> pl.DataFrame:
    """Count the people of the funnel visit, registration, deposit: window 7 days, new entrants, mature entries only.

    One row, or one a banner, the most visitors first. Everybody is counted by the day of the entry. Raises BadParameter.

    visitors                people who visited in the range, and had not registered before
    registrations           those of them who registered in time
    registration_rate       registrations / visitors
    credited_registrations  the same people as in `registrations`, under the banner that has the credit for their deposits
    deposits                those of them who deposited in time, under the same banner
    deposit_rate            deposits / credited_registrations
    immature                people whose window was not over by `complete_until`: in none of the other columns

    The credit for deposits goes with `credit` "event" to the banner of the visit, as all else; with "registration" to that
    of the registration. Rates are null where nobody could convert.
    """
    question = funnel.ask(funnel.STEPS, _WINDOW, "ordered", "new", by)
    funnel.one_of("credit", credit, CREDITS)
    people = funnel.people(snapshot, period, question, complete_until)
    counted = pl.concat([_entered(people), _credited(people, credit)], how="diagonal")
    sums = pl.all().exclude("banner_tag").sum().cast(pl.Int64)
    if by is None:
        return counted.select(sums).select(_COLUMNS)
    return counted.group_by(by).agg(sums).select(by, *_COLUMNS).sort("visitors", by, descending=[True, False])


_COLUMNS = [
    pl.col("visitors"),
    pl.col("registrations"),
    funnel.rate("registrations", "visitors").alias("registration_rate"),
    pl.col("credited_registrations"),
    pl.col("deposits"),
    funnel.rate("deposits", "credited_registrations").alias("deposit_rate"),
    pl.col("immature"),
]


def _entered(people: pl.DataFrame) -> pl.DataFrame:
    mature = pl.col("mature")
    return people.select(
        "banner_tag", visitors=mature, registrations=mature & pl.col("step_2").is_not_null(), immature=~mature
    )


def _credited(people: pl.DataFrame, credit: str) -> pl.DataFrame:
    """Return those who registered, by the banner that has the credit for what they deposit."""
    registered = people.filter(pl.col("mature") & pl.col("step_2").is_not_null())
    return registered.select(
        pl.col("banner_1" if credit == "event" else "banner_2").alias("banner_tag"),
        credited_registrations=pl.lit(value=True),
        deposits=pl.col("step_3").is_not_null(),
    )
