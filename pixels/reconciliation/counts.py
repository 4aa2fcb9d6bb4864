"""Counts of somebody else by day and banner beside ours, with what `wh.accounting` says of the difference."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from pixels.accounting import ACCOUNTS, accounting
from pixels.reconciliation.ours import Scope
from pixels.rules import DAY
from pixels.snapshot import Snapshot

_NOT_COUNTED = [name for name in ACCOUNTS if name != "counted"]
_BESIDE = ("theirs", "ours", "received", *_NOT_COUNTED)


def compared_counts(
    theirs: pl.DataFrame,
    ours: pl.DataFrame,
    keys: list[str],
    snapshot: Snapshot,
    scope: Scope,
    complete_until: datetime,
) -> pl.DataFrame:
    """Return a row a day and banner (the `keys`) and verdict: the keys, verdict, count, explanation, and of the key _BESIDE.

    Of each the smaller number is matched; the rest of theirs is missing, the rest of ours extra. Rows of theirs that cannot
    be read are missing, one by one. What _BESIDE says of the records is of days of the warehouse's time zone.
    """
    readable = theirs.filter(pl.col("problem").is_null())
    summed = readable.group_by(keys).agg(theirs=pl.col("count").sum())
    counted = ours.group_by(keys).agg(ours=pl.len().cast(pl.Int64))
    both = summed.join(counted, on=keys, how="full", coalesce=True, nulls_equal=True).with_columns(
        pl.col("theirs", "ours").fill_null(0)
    )
    accounts = accounting(snapshot, scope.period, scope.event_type, scope.banners)
    sums = accounts.group_by(keys).agg(pl.col("received", *_NOT_COUNTED).sum().cast(pl.Int64))
    both = both.join(sums, on=keys, how="left", nulls_equal=True).with_columns(
        pl.col("received", *_NOT_COUNTED).fill_null(0)
    )
    both = _with_neighbours(both, keys).with_columns(matched=pl.min_horizontal("theirs", "ours"))
    explained = both.with_columns(explanation=_explanation(scope, complete_until, has_days=DAY in keys))
    parts = [
        explained.select(*keys, verdict=pl.lit("matched"), count="matched", explanation=pl.lit(None, pl.String)),
        explained.select(
            *keys, *_BESIDE, "explanation", verdict=pl.lit("missing"), count=pl.col("theirs") - pl.col("matched")
        ),
        explained.select(
            *keys,
            *_BESIDE,
            verdict=pl.lit("extra"),
            count=pl.col("ours") - pl.col("matched"),
            explanation=pl.when(pl.col("short_beside") > 0)
            .then(pl.lit("other_day"))
            .otherwise(pl.lit("not_in_their_log")),
        ),
        theirs.filter(pl.col("problem").is_not_null()).select(
            "their_row",
            "problem",
            *keys,
            verdict=pl.lit("missing"),
            count="count",
            explanation=pl.lit("unreadable_row"),
        ),
    ]
    return pl.concat(parts, how="diagonal").filter((pl.col("count") > 0) | pl.col("problem").is_not_null())


def _with_neighbours(both: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Add how many more of ours, and of theirs, the days beside have: `over_beside`, `short_beside`."""
    if DAY not in keys:
        return both.with_columns(over_beside=pl.lit(0, pl.Int64), short_beside=pl.lit(0, pl.Int64))
    surplus = both.select(*keys, surplus=pl.col("ours") - pl.col("theirs"))
    beside = pl.concat([surplus.with_columns(pl.col(DAY).dt.offset_by(by)) for by in ("1d", "-1d")])
    sums = beside.group_by(keys).agg(
        over_beside=pl.col("surplus").clip(lower_bound=0).sum(),
        short_beside=-pl.col("surplus").clip(upper_bound=0).sum(),
    )
    return both.join(sums, on=keys, how="left", nulls_equal=True).with_columns(
        pl.col("over_beside", "short_beside").fill_null(0)
    )


def _explanation(scope: Scope, complete_until: datetime, *, has_days: bool) -> pl.Expr:
    short = pl.col("theirs") - pl.col("matched")
    running = complete_until.astimezone(ZoneInfo(scope.day_zone)).date()
    too_new = pl.col(DAY) >= running if has_days else pl.lit(scope.period.end >= running)
    not_counted = pl.sum_horizontal(_NOT_COUNTED)
    return (
        pl.when(too_new)
        .then(pl.lit("after_the_data"))
        .when(not_counted >= short)
        .then(pl.lit("received_not_counted"))
        .when(pl.col("over_beside") >= short)
        .then(pl.lit("other_time_zone"))
        .when(not_counted > 0)
        .then(pl.lit("partly_not_counted"))
        .otherwise(pl.lit("never_received"))
    )
