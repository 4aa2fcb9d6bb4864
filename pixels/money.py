"""Money: what deposits were worth, one row a currency, signed amounts apart from what anybody could have sent."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pixels.dimensions import Dimensions
from pixels.metrics import banner_tags
from pixels.period import Period
from pixels.rules import DAY

AMOUNT = pl.Decimal(38, 4)
"""Sums of amounts: exact, and wide enough for any number of them."""


def money(
    dimensions: Dimensions,
    period: Period,
    banner: str | Sequence[str] | None = None,
    by: str | None = None,
    per: str | None = None,
) -> pl.DataFrame:
    """Sum the transactions whose day is in the period, of all banners or of those named; one row a currency.

    With `by` one row a currency and value of the dimension, which is the first column: that of the deposit that stands for
    the transaction; in the order of the values, no value last. With `per` "day" one row a day too, whose first column is
    event_date; days without a transaction have none. A currency's amounts are in its own units; they are never
    converted, nor added to those of another one.

    currency                                   ISO 4217; null, the last row: transactions without an amount that can be read
    transactions, amount                       all of them: signed and unverified together
    signed_transactions, signed_amount         those that carry a signature (or come from a trusted writer): these are money
    signed_share                               signed_amount / amount; null when the amount is 0, or there is none
    unverified_transactions, unverified_amount the others: anybody could have sent them

    Counts are Int64, amounts Decimal(38, 4), null in the row without a currency.
    """
    keys = [*([DAY] if per else []), *([by] if by else []), "currency"]
    asked = {"start": period.start, "end": period.end, "banners": banner_tags(banner)}
    if dimensions.needs_events(by):
        rows = dimensions.snapshot.query("transactions", **asked)
    else:
        rows = dimensions.snapshot.query("money", **asked, per_day=per is not None)
    return _sums(rows if by is None else dimensions.add(rows, by), keys)


def _sums(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    signed = pl.col("is_verified")
    parts = {"": pl.lit(value=True), "signed_": signed, "unverified_": ~signed}
    counts = [
        pl.col("transactions").filter(part).sum().cast(pl.Int64).alias(f"{name}transactions")
        for name, part in parts.items()
    ]
    amounts = [pl.col("amount").cast(AMOUNT).filter(part).sum().alias(f"{name}amount") for name, part in parts.items()]
    sums = rows.group_by(keys).agg(*counts, *amounts).sort(keys, nulls_last=True)
    known = pl.when(pl.col("currency").is_not_null())
    money, whole = (pl.col(column).cast(pl.Float64) for column in ("signed_amount", "amount"))
    return sums.with_columns(known.then(pl.col(f"{name}amount")).alias(f"{name}amount") for name in parts).select(
        *keys,
        "transactions",
        "amount",
        "signed_transactions",
        "signed_amount",
        pl.when(whole > 0).then(money / whole).alias("signed_share"),
        "unverified_transactions",
        "unverified_amount",
    )
