"""The share of people who have converted after some time, of whom many have not been followed for as long.

E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations", JASA 53 (1958): the product-limit
estimate. Its variance is M. Greenwood's (1926), and the limits are those of log(-log S), which stay between 0 and 1
(J. D. Kalbfleisch and R. L. Prentice, "The Statistical Analysis of Failure Time Data", 1980).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import polars as pl


def survival(durations: pl.DataFrame, group: Sequence[str]) -> pl.DataFrame:
    """Return the estimate after each time at which somebody converted, or was followed no longer; in the order of group and time.

    In:  seconds (not negative), converted, the columns of `group`, without nulls
    Out: the group, seconds,
         at_risk      people who had not converted before then, and were followed up to then
         converted    who converted by then
         surviving    estimated share of those who have not converted by then, of all
         greenwood    the sum of d / (n (n - d)) by then, of which surviving ** 2 times is Greenwood's variance
    """
    converted, at_risk = pl.col("_converted"), pl.col("at_risk")
    variance = (converted / (at_risk * (at_risk - converted))).cum_sum()
    return (
        durations.group_by(*group, "seconds")
        .agg(_converted=pl.col("converted").sum().cast(pl.Int64), _ended=pl.len().cast(pl.Int64))
        .sort(*group, "seconds")
        .with_columns(
            at_risk=pl.col("_ended").cum_sum(reverse=True).over(group), converted=converted.cum_sum().over(group)
        )
        .with_columns(surviving=(1 - converted / at_risk).cum_prod().over(group), greenwood=variance.over(group))
        .select(*group, "seconds", "at_risk", "converted", "surviving", "greenwood")
    )


def limits(confidence: float) -> tuple[pl.Expr, pl.Expr]:
    """Return the lower and the upper limit of the share that has converted, of a frame of `survival`.

    Null where nobody has converted, or everybody: there the variance says nothing.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    surviving = pl.col("surviving")
    width = z * pl.col("greenwood").sqrt() / -surviving.log()
    inside = (surviving > 0) & (surviving < 1)
    return (
        pl.when(inside).then(1 - surviving ** (-width).exp()),
        pl.when(inside).then(1 - surviving ** width.exp()),
    )
