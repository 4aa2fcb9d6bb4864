"""Figures, days and instants as a person reads them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pixels.period import Period

NONE = "-"
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_JUST_NOW = timedelta(seconds=15)


def number(value: int) -> str:
    """Write 12345 as 12,345."""
    return f"{value:,}"


def percent(rate: float | None) -> str:
    """Write 0.0812 as 8.1 %, and a dash where nobody could be counted."""
    return NONE if rate is None else f"{rate * 100:.1f} %"


def per_hundred(part: int, whole: int) -> str:
    """Write how many there are per 100 of the whole."""
    return f"{part / whole * 100:.1f}" if whole else NONE


def counted(value: int, one: str, many: str) -> str:
    """Write a number with its noun."""
    return f"{number(value)} {one if value == 1 else many}"


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


def ago(age: timedelta) -> str:
    """Write how long something is ago, in the largest unit that fits."""
    if age < _JUST_NOW:
        return "just now"
    seconds = int(age.total_seconds())
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{counted(seconds // size, unit, f'{unit}s')} ago"
    return "less than a minute ago"


def change(now: int, before: int) -> tuple[str, str]:
    """Return which way a count went (up, down, level) and by how much."""
    if now == before:
        return "level", "no change"
    direction = "up" if now > before else "down"
    return direction, f"{abs(now - before) / before * 100:.1f} %" if before else f"from 0 to {number(now)}"


def change_in_points(now: float, before: float) -> tuple[str, str]:
    """Return which way a rate went and by how many percentage points."""
    points = round((now - before) * 100, 1)
    if points == 0:
        return "level", "no change"
    return ("up" if points > 0 else "down"), f"{abs(points):.1f} points"
