"""Hours: when on a day its counted events happened, by the clock of the warehouse's time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl

from pixels.errors import BadParameter
from pixels.period import Period
from pixels.refusals import EVENT_TYPES
from pixels.rules import DAY, INSTANT, with_day
from pixels.snapshot import Snapshot

MOST_DAYS = 366
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_HOUR = [DAY, "hour", "offset"]


def check_days(period: Period) -> Period:
    """Return the period. Raises BadParameter when it has more days than are told hour by hour."""
    if period.number_of_days > MOST_DAYS:
        raise BadParameter(
            "end", f"{period.number_of_days:,} days are too many to tell by hour: ask for {MOST_DAYS} at most"
        )
    return period


def hours(snapshot: Snapshot, period: Period, time_zone: str, complete_until: datetime) -> pl.DataFrame:
    """Count the counted events of the period by local hour; one row an hour and event type, in the order of time.

    A player counts once a day and type, so these are first visits of the day, by hour: they sum to the daily counts.

    event_date, hour     local day, and hour of the clock (0 to 23)
    starts_at            the instant at which it begins, UTC. Where clocks go back an hour comes twice, and has two rows;
                         where they go forward an hour is missing, or shorter
    event_type, count    0 where nothing was counted
    partial              whether the hour was not over at `complete_until`

    An hour that had not begun by then has a row only where something is counted in it all the same: a clock was ahead.
    """
    counted = snapshot.query("counted_minutes", start=period.start, end=period.end).with_columns(
        pl.col("minute").cast(INSTANT)
    )
    counts = _with_hour(counted, time_zone).group_by(*_HOUR, "event_type").agg(pl.col("count").sum())
    return (
        _hours_of(period, time_zone)
        .join(pl.DataFrame({"event_type": sorted(EVENT_TYPES)}), how="cross")
        .join(counts, on=[*_HOUR, "event_type"], how="left")
        .filter((pl.col("starts_at") < complete_until) | pl.col("count").is_not_null())
        .sort(DAY, "starts_at", "event_type")
        .select(
            DAY,
            "hour",
            "starts_at",
            "event_type",
            pl.col("count").fill_null(0).cast(pl.Int64),
            partial=pl.col("ends_at") > complete_until,
        )
    )


def _hours_of(period: Period, time_zone: str) -> pl.DataFrame:
    """Return each hour of the days: event_date, hour, offset, starts_at, ends_at (instants)."""
    # Offsets differ by half hours and clocks were changed a minute past midnight: only minutes are the same everywhere.
    first = period.start - min(_DAY, period.start - date.min)
    after = pl.lit(period.end).cast(pl.Datetime("ms")).dt.offset_by("2d")
    minutes = pl.select(minute=pl.datetime_range(first, after, "1m", closed="left").cast(pl.Datetime("ms")))
    minutes = minutes.select(pl.col("minute").dt.replace_time_zone("UTC"))
    return (
        _with_hour(minutes, time_zone)
        .filter(pl.col(DAY).is_between(period.start, period.end))
        .group_by(_HOUR)
        .agg(starts_at=pl.col("minute").min(), ends_at=pl.col("minute").max() + _MINUTE)
    )


def _with_hour(frame: pl.DataFrame, time_zone: str) -> pl.DataFrame:
    """Add event_date, hour and offset (from UTC) of the local time of `minute`."""
    local = pl.col("minute").dt.convert_time_zone(time_zone)
    offset = local.dt.replace_time_zone(None) - pl.col("minute").dt.replace_time_zone(None)
    return with_day(frame, time_zone, "minute").with_columns(hour=local.dt.hour().cast(pl.Int64), offset=offset)
