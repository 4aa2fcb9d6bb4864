"""Rates: one count divided by another."""

from __future__ import annotations

import polars as pl


def rate(part: str, whole: str) -> pl.Expr:
    """Divide two columns of numbers, exact to the last digit of a float; null where nothing can be divided."""
    # Where the divisor is the same in every row, Polars multiplies by its reciprocal: 3 / 10 is 0.30000000000000004 then.
    divisor = pl.col(whole) + 0 * pl.col(part)
    return pl.when(pl.col(whole) > 0).then(pl.col(part) / divisor)
