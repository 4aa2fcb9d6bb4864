"""Changes and ages as a person reads them; what reports share stands in `pixels.words`."""

from __future__ import annotations

from datetime import timedelta

from pixels.words import NONE, counted, day, days, instant, number, percent

__all__ = [
    "NONE",
    "ago",
    "change",
    "change_in_points",
    "counted",
    "day",
    "days",
    "instant",
    "number",
    "per_hundred",
    "percent",
]

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_JUST_NOW = timedelta(seconds=15)


def per_hundred(part: int, whole: int) -> str:
    """Write how many there are per 100 of the whole."""
    return f"{part / whole * 100:.1f}" if whole else NONE


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
