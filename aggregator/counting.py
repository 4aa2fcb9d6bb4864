"""Which event counts for each day, type and player, and what becomes of the others: pure functions over frames.

What is stored comes in as an argument; the sums of what changed go out, to be added to the rollups.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from pixels.rules import DAY

KEY = [DAY, "event_type", "player_id"]
"""Of the events that agree in these, one counts."""

COUNTED_COLUMNS = {
    DAY: pl.Date(),
    "event_type": pl.String(),
    "player_id": pl.String(),
    "banner_tag": pl.String(),
    "event_id": pl.String(),
    "created_at": pl.Datetime("ms", "UTC"),
}
OUTCOMES = ("counted", "same_player_again", "credited_to_another_banner", "same_event_again", "bots")

_BY_BANNER = [DAY, "event_type", "banner_tag"]


class Recount(NamedTuple):
    """How the counted events of some keys change. Frames have COUNTED_COLUMNS, `recounted` has KEY."""

    after: pl.DataFrame
    """All that count now."""
    gone: pl.DataFrame
    """Those that counted before and do not any more."""
    came: pl.DataFrame
    """Those that count now and did not before."""
    recounted: pl.DataFrame
    """The keys that lost an event, or whose credit moved from one banner to another."""


def recount(new: pl.DataFrame, lost: pl.DataFrame, left: pl.DataFrame, before: pl.DataFrame) -> Recount:
    """Let the earliest event of each day, type and player count, by (created_at, id).

    `new` and `lost` are the events that came and went, `left` all that are there now of the keys of `lost`: events that
    compete. `before` is what counted of the keys of both (COUNTED_COLUMNS).
    """
    lost_keys = lost.select(KEY).unique()
    stays = before.join(lost_keys, on=KEY, how="anti")
    after = (
        pl.concat([_as_counted(new), _as_counted(left), stays])
        .sort("created_at", "event_id")
        .unique(KEY, keep="first")
    )  # fmt: skip
    pairs = after.join(before, on=KEY, how="full", coalesce=True, suffix="_before")
    rest = ("banner_tag", "event_id", "created_at")
    moved = pairs.filter(pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c}_before")) for c in rest))
    gone = moved.select(*KEY, *(pl.col(f"{c}_before").alias(c) for c in rest)).filter(pl.col("event_id").is_not_null())
    came = moved.select(*KEY, *rest).filter(pl.col("event_id").is_not_null())
    other_banner = moved.filter(pl.col("banner_tag") != pl.col("banner_tag_before")).select(KEY)
    return Recount(after, gone, came, pl.concat([lost_keys, other_banner]).unique())


def account_of_counting(
    new: pl.DataFrame, lost: pl.DataFrame, there: pl.DataFrame, before: pl.DataFrame, recounted: Recount
) -> pl.DataFrame:
    """Return what a recount changes in the outcomes of the events that compete: _BY_BANNER, `outcome`, `change`.

    `there` are the events of the recounted keys that are there now. Of the other keys the new events are enough, and the
    event that counted before: the rest stays what it was.
    """
    keys = recounted.recounted
    came = new.select(DAY, "id")
    outgoing = [
        _as_counted(there.join(came, on=[DAY, "id"], how="anti")),
        _as_counted(lost),
        recounted.gone.join(keys, on=KEY, how="anti"),
    ]
    incoming = [
        _as_counted(there),
        _as_counted(new).join(keys, on=KEY, how="anti"),
        recounted.gone.join(keys, on=KEY, how="anti"),
    ]
    return pl.concat([_outcomes(incoming, recounted.after, 1), _outcomes(outgoing, before, -1)])


def account_of(records: pl.DataFrame, outcome: str, change: int = 1) -> pl.DataFrame:
    """Return that so many records met this outcome: _BY_BANNER, `outcome`, `change`."""
    return records.select(*_BY_BANNER, outcome=pl.lit(outcome), change=pl.lit(change, pl.Int64))


def account_by_banner(changes: list[pl.DataFrame]) -> pl.DataFrame:
    """Sum up changes: one row a day, type and banner, with a column for each of OUTCOMES and their sum, `received`."""
    sums = pl.concat(changes).group_by(_BY_BANNER).agg(
        pl.col("change").filter(pl.col("outcome") == outcome).sum().alias(outcome) for outcome in OUTCOMES
    )  # fmt: skip
    return sums.with_columns(received=pl.sum_horizontal(OUTCOMES))


def _as_counted(events: pl.DataFrame) -> pl.DataFrame:
    return events.select(*KEY, "banner_tag", event_id="id", created_at="created_at")


def _outcomes(events: list[pl.DataFrame], counted: pl.DataFrame, change: int) -> pl.DataFrame:
    weighed = pl.concat(events).join(counted, on=KEY, how="inner", suffix="_counted")
    outcome = (
        pl.when(pl.col("event_id") == pl.col("event_id_counted"))
        .then(pl.lit("counted"))
        .when(pl.col("banner_tag") == pl.col("banner_tag_counted"))
        .then(pl.lit("same_player_again"))
        .otherwise(pl.lit("credited_to_another_banner"))
    )
    return weighed.select(*_BY_BANNER, outcome=outcome, change=pl.lit(change, pl.Int64))
