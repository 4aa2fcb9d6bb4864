"""What we counted, in the columns in which somebody else's log is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pixels.dimensions import Dimensions
from pixels.period import Period
from pixels.reconciliation.theirs import AMOUNT
from pixels.rules import DAY, INSTANT, with_day

SCHEMA = {
    "our_row": pl.Int64(),
    DAY: pl.Date(),
    "banner_tag": pl.String(),
    "player_id": pl.String(),
    "click_id": pl.String(),
    "txid": pl.String(),
    "amount": AMOUNT,
    "currency": pl.String(),
    "event_id": pl.String(),
    "created_at": INSTANT,
}
_CLICK_ID = "metadata.b"
_DAY = timedelta(days=1)


def with_days_beside(period: Period) -> Period:
    """Return the days with the one before and the one after, as far as there are any."""
    return Period(max(period.start, date.min + _DAY) - _DAY, min(period.end, date.max - _DAY) + _DAY)


@dataclass(frozen=True)
class Scope:
    """Which of our events are asked for: of a type, on days of the calendar `day_zone`, of these banners (None: all)."""

    event_type: str
    period: Period
    banners: Sequence[str] | None
    day_zone: str


def our_rows(
    dimensions: Dimensions, scope: Scope, identity: str | None, *, with_day_compared: bool, transactions: bool
) -> pl.DataFrame:
    """Return SCHEMA, one row a counted event of the scope, or of deposits one a transaction, by instant, then id.

    Players without days are one row each, their earliest. `event_date` is the day in `scope.day_zone`. Raises NoArchive.
    """
    period = scope.period
    if scope.day_zone != dimensions.time_zone:
        period = with_days_beside(period)
    asked = {"start": period.start, "end": period.end, "banners": scope.banners}
    if transactions:
        found = dimensions.snapshot.query("transactions_between", **asked)
    else:
        found = dimensions.snapshot.query("counted_events_between", event_type=scope.event_type, **asked)
    found = found.with_columns(pl.col("created_at").cast(INSTANT))
    if scope.day_zone != dimensions.time_zone:
        found = with_day(found, scope.day_zone)
        found = found.filter(pl.col(DAY).is_between(scope.period.start, scope.period.end))
    found = found.sort("created_at", "event_id")
    if identity == "player" and not with_day_compared and not transactions:
        found = found.unique("player_id", keep="first", maintain_order=True)
    if identity == "click_id":
        found = dimensions.add(found, _CLICK_ID).rename({_CLICK_ID: "click_id"})
        found = found.with_columns(pl.when(pl.col("click_id") != "").then(pl.col("click_id")).alias("click_id"))
    numbered = found.with_columns(our_row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    return numbered.match_to_schema(SCHEMA, missing_columns="insert", extra_columns="ignore")
