"""Figures, days and instants as a person reads them, the same on every screen and in every report."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from pixels.period import Period

NONE = "\u2013"
"""What stands where nothing could be counted."""


def number(value: int) -> str:
    """Write 12345 as 12,345."""
    return f"{value:,}"


def percent(rate: float | None) -> str:
    """Write 0.0812 as 8.1 %, and a dash where nobody could be counted."""
    return NONE if rate is None else f"{rate * 100:.1f} %"


def counted(value: int, one: str, many: str = "") -> str:
    """Write a number with its noun: 1 visit, 12 visits; `many` where an s is not enough."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def day(value: date, *, with_year: bool = True) -> str:
    """Write 22 Nov 2026."""
    return f"{value.day} {value:%b} {value:%Y}" if with_year else f"{value.day} {value:%b}"


def days(period: Period) -> str:
    """Write 25 Oct to 21 Nov 2026, as short as it is clear."""
    start, end = period.start, period.end
    if start == end:
        return day(end)
    if start.year != end.year:
        return f"{day(start)} to {day(end)}"
    first = f"{start.day}" if start.month == end.month else day(start, with_year=False)
    return f"{first} to {day(end)}"


def instant(value: datetime, time_zone: str, *, with_year: bool = True) -> str:
    """Write an instant to the minute that has passed, on the clock of the time zone: 22 Nov 2026, 16:00."""
    local = value.astimezone(ZoneInfo(time_zone))
    return f"{day(local.date(), with_year=with_year)}, {local:%H:%M}"
