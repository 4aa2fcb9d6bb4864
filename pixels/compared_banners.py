"""Which banner is better: the conversion rates of banners, how sure each is, and how probable it is that it is the best."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from pixels.beta_binomial import Counts, believe, wilson
from pixels.errors import BadParameter
from pixels.rates import rate

MEASURES = {
    "registration_rate": ("registrations", "visitors"),
    "deposit_rate": ("deposits", "credited_registrations"),
}
"""The rates of `wh.conversions` that can be compared, each with what it divides."""
FEW = 100
"""Entries below which a rate is said to be of few."""
_HARDLY = 0.01
"""A probability below which rows stand in the order of their expected rates."""
_BELIEFS = ("expected_rate", "expected_lower", "expected_upper", "shrinkage", "probability_best", "expected_loss")


def check_measure(measure: Any) -> str:
    """Return the rate to compare by. Raises BadParameter."""
    if not isinstance(measure, str) or measure not in MEASURES:
        raise BadParameter("measure", f"{measure!r} is not one of {', '.join(MEASURES)}")
    return measure


def compared_banners(conversions: pl.DataFrame, by: str, measure: str) -> pl.DataFrame:
    """Compare the rows of `wh.conversions(by=...)` by one of its rates; the most probable to be the best first.
    Those that hardly are (below 1 %) follow by their expected rates, and then what is no part of the comparison.

    [the dimension]
    entries             people of whom the rate is: `visitors`, or `credited_registrations`; mature entries only
    converted           those of them who went on
    rate                converted / entries; null without entries
    rate_lower, rate_upper      Wilson's interval of the rate, 95 %, from the counts of the row alone; null without entries
    expected_rate       mean of the posterior: the rate drawn towards that of all banners, the fewer entries the more
    expected_lower, expected_upper      between them the banner's own rate lies with probability 95 %, given all banners
    shrinkage           how far it was drawn: 0 not at all, 1 the rate of all
    probability_best    that no other banner's own rate is higher; these sum to 1
    expected_loss       by how much the best banner's rate is higher than this one's, to be expected (a difference of rates)
    few                 whether entries are fewer than 100
    immature            people whose window is not over: in none of the other columns

    Rows without entries, and that of events without a value of the dimension, which nobody can choose, are no part of the
    comparison: from `expected_rate` to `expected_loss` theirs is null. Method: `pixels.beta_binomial`.
    """
    part, whole = MEASURES[measure]
    counts = conversions.select(by, entries=whole, converted=part, immature="immature")
    chosen = pl.col(by).is_not_null() & (pl.col("entries") > 0)
    rows = pl.concat([_believed(counts.filter(chosen)), counts.filter(~chosen)], how="diagonal")
    columns = [by, "entries", "converted", "rate", "rate_lower", "rate_upper", *_BELIEFS, "few", "immature"]
    chance = pl.when(pl.col("probability_best") >= _HARDLY).then("probability_best").otherwise(0.0)
    is_compared = pl.col("probability_best").is_not_null()
    order = [is_compared, chance, "expected_rate", "entries", by]
    return (
        _with_intervals(rows)
        .with_columns(few=pl.col("entries") < FEW)
        .select(columns)
        .sort(order, descending=[True, True, True, True, False], nulls_last=True)
    )


def _with_intervals(rows: pl.DataFrame) -> pl.DataFrame:
    lower, upper = wilson(_counts(rows, "converted"), _counts(rows, "entries"))
    has_entries = pl.col("entries") > 0
    ends = {"rate_lower": pl.Series(lower, dtype=pl.Float64), "rate_upper": pl.Series(upper, dtype=pl.Float64)}
    return rows.with_columns(
        rate("converted", "entries").alias("rate"),
        **{name: pl.when(has_entries).then(values) for name, values in ends.items()},
    )


def _believed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with what all of them together say of each."""
    if rows.is_empty():
        return rows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in _BELIEFS)
    known = believe(_counts(rows, "converted"), _counts(rows, "entries"))
    arrays = (known.mean, known.lower, known.upper, known.shrinkage, known.best, known.loss)
    return rows.with_columns(pl.Series(name, values) for name, values in zip(_BELIEFS, arrays, strict=True))


def _counts(rows: pl.DataFrame, column: str) -> Counts:
    return np.asarray(rows[column].to_numpy(), np.int64)
