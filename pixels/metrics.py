"""Activity: counted events by their own day and banner, as the aggregator stored them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from pixels.errors import BadParameter
from pixels.period import Period
from pixels.rules import DAY
from pixels.snapshot import Snapshot

_LENGTHS = {"day": "1d", "week": "1w", "month": "1mo"}


def check_per(per: object) -> str:
    """Return the length of time that counts are summed over. Raises BadParameter for what is none of these."""
    if not isinstance(per, str) or per not in _LENGTHS:
        raise BadParameter("per", f"{per!r} is not one of {', '.join(_LENGTHS)}")
    return per


def metrics(snapshot: Snapshot, period: Period) -> pl.DataFrame:
    """Return event_date, event_type, count: players counted that day; days without an event have no row."""
    return snapshot.query("metrics", start=period.start, end=period.end)


def summary(snapshot: Snapshot, period: Period, banner: str | Sequence[str] | None = None) -> pl.DataFrame:
    """Return event_date, event_type, banner_tag, count, of all banners or of those named."""
    return snapshot.query("summary", start=period.start, end=period.end, banners=banner_tags(banner))


def summed(counts: pl.DataFrame, per: str, period: Period, complete_day: date) -> pl.DataFrame:
    """Sum daily counts over weeks (from Monday) or months; "day" leaves them as they are.

    In:  event_date, whatever else they are counted by, count; in the order of these columns, of the days of `period`
    Out: the same with the first day of the week or month as event_date, which `period` may begin after; and
         partial: whether days of it lie outside the period, or it was not over by `complete_day`, the day that goes on
    """
    if per == "day":
        return counts
    length = _LENGTHS[per]
    keys = counts.columns[:-1]
    first_day_after = pl.col(DAY).dt.offset_by(length)
    within = (pl.col(DAY) >= period.start) & (first_day_after.dt.offset_by("-1d") <= period.end)
    return (
        counts.with_columns(pl.col(DAY).dt.truncate(length))
        .group_by(keys)
        .agg(pl.col("count").sum())
        .sort(keys, nulls_last=True)
        .with_columns(partial=~within | (first_day_after > complete_day))
    )


def banners(snapshot: Snapshot, period: Period) -> pl.DataFrame:
    """Return banner_tag, visits, registrations, deposits: sums of daily counts, the most deposits first."""
    return snapshot.query("banners", start=period.start, end=period.end)


def banner_tags(banner: object) -> list[str] | None:
    """Read which banners are asked for: a banner tag, several, or None for all. Raises BadParameter."""
    if banner is None:
        return None
    tags = [banner] if isinstance(banner, str) else banner
    if isinstance(tags, bytes) or not isinstance(tags, Sequence) or not all(isinstance(tag, str) for tag in tags):
        raise BadParameter("banner", f"{banner!r} is neither a banner tag nor a list of them")
    return list(tags)
