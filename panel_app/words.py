"""Changes and ages as a person reads them, numbers as the reader writes them; what reports share stands in `pixels.words`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pixels import words as plain
from pixels.numbers import ENGLISH, Numbers
from pixels.period import Period
from pixels.words import NONE, day, days, instant

__all__ = [
    "NONE",
    "Quoted",
    "ago",
    "amount",
    "as_text",
    "change",
    "change_in_points",
    "counted",
    "day",
    "days",
    "duration",
    "instant",
    "instant_to_the_second",
    "number",
    "numbers_of",
    "on_days",
    "per_hundred",
    "percent",
    "price",
    "reader_numbers",
    "short_days",
    "short_duration",
    "size",
]


@dataclass(frozen=True)
class Quoted:
    """What a stranger named, in a sentence: it stays text, and stands apart."""

    name: str


_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_FRACTIONS_BELOW = 1_000
_FINE_SECONDS = 9.95
_BYTES = 1_000
QUIET = timedelta(minutes=10)
"""From when on a warehouse without events is said to be quiet."""
LATE = timedelta(hours=2)
"""From when on passes are said to have stopped."""
_JUST_NOW = timedelta(seconds=15)


_numbers = ContextVar("how the reader writes numbers", default=ENGLISH)


@contextmanager
def numbers_of(reader: Numbers) -> Iterator[None]:
    """Write numbers as this reader does until the end of the block: a server draws for many, one after the other."""
    before = _numbers.set(reader)
    try:
        yield
    finally:
        _numbers.reset(before)


def reader_numbers() -> Numbers:
    """Return how numbers are written now."""
    return _numbers.get()


def as_text(written: str) -> str:
    """Write a number, given as 12,345.6, as the reader does."""
    return _numbers.get().written(written)


def number(value: int) -> str:
    """Write 12345 as 12,345."""
    return as_text(plain.number(value))


def percent(rate: float | None) -> str:
    """Write 0.0812 as 8.1 %, and a dash where nobody could be counted."""
    return as_text(plain.percent(rate))


def counted(value: int, one: str, many: str = "") -> str:
    """Write a number with its noun: 1 visit, 12 visits; `many` where an s is not enough."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def per_hundred(part: int, whole: int) -> str:
    """Write how many there are per 100 of the whole."""
    return as_text(f"{part / whole * 100:.1f}") if whole else NONE


def on_days(period: Period) -> str:
    """Write days as a sentence goes on with them: 1 to 14 Nov 2026, on 14 Nov 2026."""
    return f"on {days(period)}" if period.start == period.end else days(period)


def short_days(start: date, end: date) -> str:
    """Write days without their year: 1 to 14 Nov, 28 Oct to 14 Nov."""
    if start == end:
        return day(end, with_year=False)
    first = f"{start.day}" if (start.month, start.year) == (end.month, end.year) else day(start, with_year=False)
    return f"{first} to {day(end, with_year=False)}"


def instant_to_the_second(value: datetime, time_zone: str) -> str:
    """Write an instant on the clock of the time zone: 22 Nov 2026, 16:00:05."""
    local = value.astimezone(ZoneInfo(time_zone))
    return f"{day(local.date())}, {local:%H:%M:%S}"


def duration(seconds: float) -> str:
    """Write a length of time in its two largest units: 40 s, 17 min, 2 h 10 min, 3 d 4 h."""
    whole = round(seconds)
    sizes = (("d", 86_400), ("h", 3_600), ("min", 60))
    for place, (unit, size) in enumerate(sizes):
        if whole >= size:
            rest = whole % size // sizes[place + 1][1] if place + 1 < len(sizes) else 0
            return f"{whole // size} {unit}" + (f" {rest} {sizes[place + 1][0]}" if rest else "")
    return f"{whole} s"


def short_duration(seconds: float) -> str:
    """Write a length of time that can be shorter than a second: 0.3 s, 9.8 s, else as `duration` does."""
    return as_text(f"{max(0.0, seconds):.1f} s") if seconds < _FINE_SECONDS else duration(seconds)


def size(count: int) -> str:
    """Write bytes in the largest unit that fits, of 1,000 each as in the settings: 512 bytes, 8.2 kB, 1.3 GB."""
    if count < _BYTES:
        return counted(count, "byte")
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= _BYTES
        if round(value, 1) < _BYTES:
            return as_text(f"{value:.1f} {unit}")
    return as_text(f"{value / _BYTES:,.1f} TB")


def amount(currency: str, value: Decimal) -> tuple[str, str]:
    """Return an amount without the fractions that say nothing at its size, and its currency."""
    return as_text(f"{value:,.2f}" if abs(value) < _FRACTIONS_BELOW else f"{value:,.0f}"), currency


def price(value: Decimal | float) -> str:
    """Write an amount with two fractions, without a currency: 1,234.50."""
    return as_text(f"{value:,.2f}")


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
    return direction, as_text(f"{abs(now - before) / before * 100:.1f} %") if before else f"from 0 to {number(now)}"


def change_in_points(now: float, before: float) -> tuple[str, str]:
    """Return which way a rate went and by how many percentage points."""
    points = round((now - before) * 100, 1)
    if points == 0:
        return "level", "no change"
    return ("up" if points > 0 else "down"), as_text(f"{abs(points):.1f} points")
