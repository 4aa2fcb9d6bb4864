"""All that the overview shows of one period, read from one snapshot at once, so that no two figures disagree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from pixels import Warehouse
from pixels.compared import comparable_days
from pixels.period import Period

WINDOW_DAYS = 7
_WINDOW = f"{WINDOW_DAYS}d"
_FROM_REGISTRATION = ("registration", "deposit")


@dataclass(frozen=True)
class People:
    """The frames that count people rather than days, of one period."""

    kpis: pl.DataFrame
    """`wh.kpis`: one row."""
    funnel: pl.DataFrame
    """`wh.funnel`: visit, registration, deposit; window 7 days."""
    registered: pl.DataFrame
    """`wh.funnel` from registration to deposit; window 7 days."""


@dataclass(frozen=True)
class Figures:
    """What the snapshot says of `period`; frames as the functions of `pixels.Warehouse` return them."""

    snapshot: int
    complete_until: datetime
    time_zone: str
    data: Period | None
    """The days from the first to the last that have a counted event."""
    period: Period
    today: date
    """The day that was running at `complete_until`."""
    now: People
    before: People | None
    """The same of `compared_with`; None where a change would mislead."""
    compared_with: Period | None
    trend: pl.DataFrame
    banners: pl.DataFrame
    today_so_far: pl.DataFrame
    """`wh.metrics` of `today`, up to `complete_until`, whatever the period is."""
    refused: pl.DataFrame
    """Refused events of the period: reason, count; the most frequent first."""

    @property
    def has_events(self) -> bool:
        """Whether any event is counted in the period."""
        return not self.trend.is_empty()


def local_day(instant: datetime, time_zone: str) -> date:
    """Return the calendar day of an instant."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def read_figures(wh: Warehouse, period: Period, today: date) -> Figures:
    """Ask the snapshot for everything. Raises PixelsError when it cannot be read."""
    data = wh.days_with_data()
    first = wh.first_days()
    compared_with = comparable_days(period, today, first, first)
    return Figures(
        snapshot=wh.snapshot,
        complete_until=wh.complete_until,
        time_zone=wh.time_zone,
        data=data,
        period=period,
        today=today,
        now=_people(wh, period),
        before=None if compared_with is None else _people(wh, compared_with),
        compared_with=compared_with,
        trend=wh.metrics(period.start, period.end),
        banners=wh.banners(period.start, period.end),
        today_so_far=wh.metrics(today, today),
        refused=_refused(wh, period),
    )


def _people(wh: Warehouse, period: Period) -> People:
    days = (period.start, period.end)
    return People(
        kpis=wh.kpis(*days),
        funnel=wh.funnel(*days, window=_WINDOW),
        registered=wh.funnel(*days, window=_WINDOW, steps=_FROM_REGISTRATION),
    )


def _refused(wh: Warehouse, period: Period) -> pl.DataFrame:
    """Count refusals by reason; a refusal has an instant, so the period's ends become the instants of their midnights.

    A row stands for `count` of them. Older snapshots lack that column: BY NAME gives it to them, empty.
    """
    zone = ZoneInfo(wh.time_zone)
    start, end = (
        datetime.combine(day, time(), zone).astimezone(UTC) for day in (period.start, period.end + timedelta(days=1))
    )
    return wh.sql(
        """
        SELECT reason, sum(coalesce(count, 1))::BIGINT AS count
        FROM (FROM rejected_events UNION ALL BY NAME SELECT NULL::BIGINT AS count WHERE false)
        WHERE rejected_at >= $start AND rejected_at < $end
        GROUP BY reason ORDER BY count DESC, reason
        """,
        {"start": start, "end": end},
    )
