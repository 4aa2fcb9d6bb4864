"""Money: what deposits were worth, one row a currency, signed amounts apart from what anybody could have sent."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pixels.metrics import banner_tags
from pixels.period import Period
from pixels.snapshot import Snapshot

AMOUNT = pl.Decimal(38, 4)
"""Sums of amounts: exact, and wide enough for any number of them."""


def money(snapshot: Snapshot, period: Period, banner: str | Sequence[str] | None = None) -> pl.DataFrame:
    """Sum the transactions whose day is in the period, of all banners or of those named; one row a currency.

    A currency's amounts are in its own units; they are never converted, nor added to those of another one.

    currency                                   ISO 4217; null, the last row: transactions without an amount that can be read
    transactions, amount                       all of them: signed and unverified together
    signed_transactions, signed_amount         those that carry a signature (or come from a trusted writer): these are money
    signed_share                               signed_amount / amount; null when the amount is 0, or there is none
    unverified_transactions, unverified_amount the others: anybody could have sent them

    Counts are Int64, amounts Decimal(38, 4), null in the row without a currency.
    """
    sums = snapshot.query("money", start=period.start, end=period.end, banners=banner_tags(banner))
    signed, whole = (pl.col(column).cast(pl.Float64) for column in ("signed_amount", "amount"))
    return sums.select(
        "currency",
        "transactions",
        pl.col("amount").cast(AMOUNT),
        "signed_transactions",
        pl.col("signed_amount").cast(AMOUNT),
        pl.when(whole > 0).then(signed / whole).alias("signed_share"),
        "unverified_transactions",
        pl.col("unverified_amount").cast(AMOUNT),
    )
