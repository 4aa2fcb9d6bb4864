"""What registrations and first deposits have cost, by what was imported of the banners."""

from __future__ import annotations

import polars as pl

from pixels.activity_by import milestones
from pixels.dimensions import TAG, Dimensions
from pixels.errors import BadParameter
from pixels.period import Period

_SUM = pl.Decimal(38, 4)


def costs(dimensions: Dimensions, period: Period, time_zone: str, by: str, credit: str) -> pl.DataFrame:
    """Return a row a value of the dimension, the dearest first: what its banners cost, and what they brought in the period.

    cost                   sum of the costs that were imported for its banners, whole (Decimal); null when there is none
    banners                how many banners have a cost; the next columns are of these alone
    registrations          players whose first registration is credited to them
    cost_per_registration  cost / registrations; null when either is not there
    ftd                    FTD that are credited to them, `credit` as in `wh.kpis`
    cost_per_ftd           cost / ftd
    banners_without_cost   other banners that had a registration or an FTD in the period: in none of the columns above

    A cost is of all that the banner cost, so the period is to be the one that it was paid for. Raises BadParameter for a
    dimension of events.
    """
    if dimensions.needs_events(by):
        raise BadParameter(
            "by", f"{by!r} is of single events, and a cost is of a banner; ask for a dimension of banners"
        )
    firsts = milestones(dimensions, period, time_zone, TAG, credit)
    brought = firsts.group_by(TAG).agg(pl.col("registrations", "ftd").sum())
    priced = dimensions.known_banners().select(TAG, pl.col("cost").cast(_SUM)).filter(pl.col("cost").is_not_null())
    banners = priced.join(brought, on=TAG, how="full", coalesce=True).with_columns(
        pl.col("registrations", "ftd").fill_null(0)
    )
    active = (pl.col("registrations") + pl.col("ftd")) > 0
    banners = banners.filter(pl.col("cost").is_not_null() | active)
    has_cost = pl.col("cost").is_not_null()
    sums = (
        dimensions.add(banners, by)
        .group_by(by)
        .agg(
            cost=pl.when(has_cost.any()).then(pl.col("cost").sum()),
            banners=has_cost.sum().cast(pl.Int64),
            registrations=pl.col("registrations").filter(has_cost).sum(),
            ftd=pl.col("ftd").filter(has_cost).sum(),
            banners_without_cost=(~has_cost).sum().cast(pl.Int64),
        )
    )
    return sums.select(
        by,
        "cost",
        "banners",
        "registrations",
        _per("registrations").alias("cost_per_registration"),
        "ftd",
        _per("ftd").alias("cost_per_ftd"),
        "banners_without_cost",
    ).sort("cost", by, descending=[True, False], nulls_last=True)


def _per(count: str) -> pl.Expr:
    return pl.when(pl.col(count) > 0).then((pl.col("cost").cast(pl.Float64) / pl.col(count)).round(4))
