"""The day that goes on, beside the same day of the week before: both up to the same time of the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from pixels.compared import change, is_whole
from pixels.refusals import EVENT_TYPES
from pixels.rules import DAY, INSTANT
from pixels.snapshot import Snapshot

_WEEK = timedelta(days=7)
_MINUTE = timedelta(minutes=1)


def today(snapshot: Snapshot, time_zone: str, complete_until: datetime, first: Mapping[str, date]) -> pl.DataFrame:
    """Count the running day up to `complete_until`, and the same day a week earlier up to the same local time.

    One row for each event type, also where nothing was counted:

    event_date, until           the day that goes on at `complete_until`, and that instant
    event_type, count           players counted by events before it
    before_date, before_until   seven days earlier, and the instant at which its clocks showed the same time: of two the
                                first, and where they jumped over it that of the jump
    before                      players counted by events before that; null when the type begins (`first`, as
                                `compared.first_days` has it) on that day or later
    change                      (count - before) / before; null when before is 0 or null
    """
    local = complete_until.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
    earlier = local - _WEEK
    before_until = first_instant(earlier, time_zone)
    counts = _counts(snapshot, local.date(), complete_until, "count")
    before = _counts(snapshot, earlier.date(), before_until, "before")
    known = [event_type for event_type in EVENT_TYPES if is_whole(earlier.date(), first, [event_type])]
    before = before.with_columns(before=pl.when(pl.col("event_type").is_in(known)).then("before"))
    return counts.join(before, on="event_type", maintain_order="left").select(
        pl.lit(local.date()).alias(DAY),
        pl.lit(complete_until).cast(INSTANT).alias("until"),
        "event_type",
        "count",
        before_date=pl.lit(earlier.date()),
        before_until=pl.lit(before_until).cast(INSTANT),
        before="before",
        change=change("count", "before"),
    )


def first_instant(local: datetime, time_zone: str) -> datetime:
    """Return the first instant (UTC) at which clocks show the time, or a later one: where they jump over it, the jump."""
    zone = ZoneInfo(time_zone)

    def shown(instant: datetime) -> datetime:
        return instant.astimezone(zone).replace(tzinfo=None, fold=0)

    local = local.replace(fold=0)
    instant = min(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    while shown(instant) < local:  # they jump at a whole minute
        instant = instant.replace(second=0, microsecond=0) + _MINUTE
    return instant


def _counts(snapshot: Snapshot, day: date, until: datetime, name: str) -> pl.DataFrame:
    """Return the count of each event type, in the order of their names."""
    counted = snapshot.query("counted_until", day=day, until=until).rename({"count": name})
    every_type = pl.DataFrame({"event_type": sorted(EVENT_TYPES)})
    return every_type.join(counted, on="event_type", how="left", maintain_order="left").with_columns(
        pl.col(name).fill_null(0)
    )
