"""Figures, days and names as a person reads them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from pixels.period import Period

NONE = "\u2013"
ISOLATE, END_ISOLATE = "\u2068", "\u2069"  # Unicode Standard Annex 9: first strong isolate, pop directional isolate


def number(value: int) -> str:
    """Write 12345 as 12,345."""
    return f"{value:,}"


def percent(rate: float | None) -> str:
    """Write 0.0812 as 8.1 %, and a dash where nobody could be counted."""
    return NONE if rate is None else f"{rate * 100:.1f} %"


def counted(value: int, one: str, many: str = "") -> str:
    """Write a number with its noun: 1 visit, 12 visits; `many` where an s is not enough."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def change(now: int, before: int) -> str:
    """Write by how much a count rose or fell: +8.2 %."""
    if now == before:
        return "no change"
    return f"{(now - before) / before * 100:+.1f} %".replace("-", "\u2212") if before else f"from 0 to {number(now)}"


def day(value: date) -> str:
    """Write 22 Nov 2026."""
    return f"{value.day} {value:%b} {value:%Y}"


def days(period: Period) -> str:
    """Write 25 Oct 2026 to 21 Nov 2026, or the one day."""
    return day(period.end) if period.start == period.end else f"{day(period.start)} to {day(period.end)}"


def instant(value: datetime, time_zone: str) -> str:
    """Write an instant to the minute that has passed, on the clock of the time zone: 22 Nov 2026, 16:00."""
    local = value.astimezone(ZoneInfo(time_zone))
    return f"{day(local.date())}, {local:%H:%M}"


def quoted(name: str) -> str:
    """Quote a name that strangers chose, set apart so that right-to-left writing in it does not reach the words around."""
    return f"“{ISOLATE}{name}{END_ISOLATE}”"


def listed(names: list[str], limit: int = 3) -> str:
    """Write a and b, or a, b, c and 4 more."""
    rest = len(names) - limit
    parts = names if rest <= 0 else [*names[:limit], f"{number(rest)} more"]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
