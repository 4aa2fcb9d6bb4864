"""Comparisons: the key figures of some days beside those of earlier days, where a change would not mislead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta

import polars as pl

from pixels.errors import BadParameter
from pixels.period import Period
from pixels.snapshot import Snapshot

AGAINST = ("previous", "weekday")
"""The days just before, or the same days of the week."""
NEEDS = {
    "daily_unique_visitors": ("visit",),
    "unique_visitors": ("visit",),
    "registrations": ("registration",),
    "ftd": ("registration", "deposit"),
    "ndc": ("registration", "deposit"),
    "first_deposits_without_registration": ("registration", "deposit"),
    "deposit_days": ("deposit",),
    "deposit_transactions": ("deposit",),
}
"""The event types that each figure of `wh.kpis` is counted from: all of them must have been sent to compare it."""
_WEEK = 7
_COMPARED = {
    "figure": pl.String,
    "now": pl.Int64,
    "before": pl.Int64,
    "start": pl.Date,
    "end": pl.Date,
    "before_start": pl.Date,
    "before_end": pl.Date,
}


def days_with_data(snapshot: Snapshot) -> Period | None:
    """Return the first and the last day with a counted event; None in an empty warehouse."""
    first, last = snapshot.query("days_with_data").row(0)
    return None if first is None else Period(first, last)


def first_days(snapshot: Snapshot) -> dict[str, date]:
    """Return the day of the first counted event of each event type that has one: the day that it went live, or was imported from."""
    return dict(snapshot.query("first_days").iter_rows())


def check_against(against: object) -> str:
    """Return which earlier days are meant. Raises BadParameter for what is none of these."""
    if not isinstance(against, str) or against not in AGAINST:
        raise BadParameter("against", f"{against!r} is not one of {', '.join(AGAINST)}")
    return against


def check_is_over(period: Period, today: date) -> Period:
    """Return the period. Raises BadParameter when `today`, the day that goes on, or a later one is in it."""
    if period.end >= today:
        raise BadParameter(
            "end",
            f"{period.end.isoformat()} is not over, and part of a day is not compared with a whole one: ask up to "
            f"{(today - timedelta(days=1)).isoformat()}, or wh.today() for the day that goes on",
        )
    return period


def earlier_days(period: Period, against: str = "previous") -> Period | None:
    """Return as many earlier days; None when the calendar has not so many.

    "previous" those just before; "weekday" the same days of the week: as few weeks earlier as do not overlap. For 7, 14,
    ... days both are the same.
    """
    length = period.number_of_days
    shift = timedelta(days=length if against == "previous" else -(-length // _WEEK) * _WEEK)
    if period.start - date.min < shift:
        return None
    return Period(period.start - shift, period.end - shift)


def is_whole(day: date, first: Mapping[str, date], event_types: Collection[str]) -> bool:
    """Whether events of all these types were there to be counted for the whole of a day that is over.

    Each type begins on its own day, in `first_days`, and of that day nobody knows at what time.
    """
    return all(event_type in first and first[event_type] < day for event_type in event_types)


def comparable_days(
    period: Period, today: date, first: Mapping[str, date], event_types: Collection[str], against: str = "previous"
) -> Period | None:
    """Return the earlier days that a change is measured against, or None where that would mislead.

    It would when `period` is not over yet (`today` is the day that goes on), or when one of the event types that are
    compared begins (`first_days`) on the first of the earlier days or after it.
    """
    earlier = earlier_days(period, against)
    if earlier is None or period.end >= today or not is_whole(earlier.start, first, event_types):
        return None
    return earlier


def compare(
    kpis: Callable[[Period], pl.DataFrame], period: Period, today: date, first: Mapping[str, date], against: str
) -> pl.DataFrame:
    """Lay what `kpis` (one row of counts) says of the period beside what it says of the earlier days; one row a figure.

    figure                  its name, in the order of `wh.kpis`
    now, before             what it was in the period, and in the earlier days; Int64, null where there is none
    change                  (now - before) / before; null when before is 0 or null
    start, end              the days of `now`
    before_start, before_end  those of `before`; all three null where there is nothing fair to compare with, as
                            `comparable_days` says for the event types that the figure `NEEDS`
    """
    fair = [
        figure for figure, needed in NEEDS.items() if comparable_days(period, today, first, needed, against) is not None
    ]
    earlier = earlier_days(period, against) if fair else None
    before = None if earlier is None else kpis(earlier).row(0, named=True)
    figures = [
        {
            "figure": figure,
            "now": now,
            "before": before[figure] if before and figure in fair else None,
            "start": period.start,
            "end": period.end,
            "before_start": earlier.start if earlier and figure in fair else None,
            "before_end": earlier.end if earlier and figure in fair else None,
        }
        for figure, now in kpis(period).row(0, named=True).items()
    ]
    return pl.DataFrame(figures, _COMPARED).select(
        "figure", "now", "before", change("now", "before"), "start", "end", "before_start", "before_end"
    )


def change(now: str, before: str) -> pl.Expr:
    """Return how much more it is than before, relative to that; null when there was nothing before."""
    return pl.when(pl.col(before) > 0).then((pl.col(now) - pl.col(before)) / pl.col(before)).alias("change")
