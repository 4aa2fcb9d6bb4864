"""Which days a page shows: presets that move with the calendar, and days that stay."""

from __future__ import annotations

from datetime import date, timedelta

from pixels.errors import BadParameter
from pixels.period import Period, parse_period

TODAY, YESTERDAY, WEEK, FOUR_WEEKS, NINETY_DAYS = "today", "yesterday", "7d", "28d", "90d"
MONTH_TO_DATE, YEAR_TO_DATE, ALL = "mtd", "ytd", "all"
LABELS = {
    TODAY: "Today",
    YESTERDAY: "Yesterday",
    WEEK: "7 days",
    FOUR_WEEKS: "28 days",
    NINETY_DAYS: "90 days",
    MONTH_TO_DATE: "Month to date",
    YEAR_TO_DATE: "Year to date",
    ALL: "All",
}
_LENGTHS = {YESTERDAY: 1, WEEK: 7, FOUR_WEEKS: 28, NINETY_DAYS: 90}
_TO = ".."


def is_choice(days: str) -> bool:
    """Whether this names a preset, or days such as 2026-11-01..2026-11-21."""
    return days in LABELS or custom_period(days) is not None


def custom(period: Period) -> str:
    """Write days that stay as they are."""
    return f"{period.start.isoformat()}{_TO}{period.end.isoformat()}"


def custom_period(days: str) -> Period | None:
    """Read such days; None when this is something else."""
    start, to, end = days.partition(_TO)
    try:
        return parse_period(start, end) if to else None
    except BadParameter:
        return None


def chosen_period(days: str, today: date, data: Period | None) -> Period:
    """Return the days of a preset, or those that are written out; `data` is the range of days that have any.

    All but "today" and "all" end yesterday, with the last complete day: a part of a day is never added to whole ones. On the
    first day of a month, or year, there is none of it yet, and "to date" is that first day.
    """
    yesterday = today - timedelta(days=1)
    if (period := custom_period(days)) is not None:
        return period
    if days == TODAY:
        return Period(today, today)
    if days == ALL:
        return data or Period(today, today)
    if days in (MONTH_TO_DATE, YEAR_TO_DATE):
        first = today.replace(day=1) if days == MONTH_TO_DATE else today.replace(month=1, day=1)
        return Period(first, max(first, yesterday))
    return Period(today - timedelta(days=_LENGTHS[days]), yesterday)


def default_choice(today: date, data: Period | None) -> str:
    """Return "28d" when there is data in them and before, else "all", so that a first pixel is seen at once."""
    month = chosen_period(FOUR_WEEKS, today, data)
    if data is None or data.start > month.start or data.end < month.start:
        return ALL
    return FOUR_WEEKS
