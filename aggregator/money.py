"""The money of deposits: what their metadata says of transaction, currency and amount (rule 6), as a pure function over frames."""

from __future__ import annotations

import polars as pl

from aggregator.contract import contract
from pixels.rules import DAY

DEPOSIT_COLUMNS = {
    DAY: pl.Date(),
    "player_id": pl.String(),
    "banner_tag": pl.String(),
    "txid": pl.String(),
    "event_id": pl.String(),
    "created_at": pl.Datetime("ms", "UTC"),
    "currency": pl.String(),
    "amount": pl.String(),
    "is_verified": pl.Boolean(),
}
_MONEY = pl.Struct({"txid": pl.String, "currency": pl.String, "amount": pl.String, "_key": pl.String})
_SENT = pl.col("metadata").str.json_decode(_MONEY).struct


def deposits(events: pl.DataFrame) -> pl.DataFrame:
    """Return the deposits among events, with their money: DEPOSIT_COLUMNS; amounts as text, to lose nothing."""
    return (
        events.filter(pl.col("event_type") == "deposit")
        .with_columns(**money(), is_verified=_SENT.field("_key").is_not_null(), event_id="id")
        .select(list(DEPOSIT_COLUMNS))
    )


def money() -> dict[str, pl.Expr]:
    """Return what can be used of an event's `txid`, `currency` and `amount`; null where it cannot.

    What breaks the contract is no money and no transaction id: a sender who fills `txid` with "null" must not have all
    its deposits taken for one.
    """
    limits = contract()
    txid, currency, amount = (_SENT.field(name) for name in ("txid", "currency", "amount"))
    bare = txid.str.strip_chars()
    names_a_transaction = (
        txid.str.contains(limits.txid)
        & (txid.str.len_chars() <= limits.txid_length)
        & ~bare.str.to_lowercase().is_in(limits.placeholders)
        & ~bare.str.contains(limits.macro)
    )
    is_money = amount.str.contains(limits.amount) & currency.is_in(limits.currencies)
    return {
        "txid": pl.when(names_a_transaction).then(txid),
        "currency": pl.when(is_money).then(currency),
        "amount": pl.when(is_money).then(amount),
    }
