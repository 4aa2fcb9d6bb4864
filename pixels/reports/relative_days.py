"""Days as people say them: 2026-11-01, yesterday, last_week, 2026-W46, 2026-11, last_7_days.

Weeks are those of ISO 8601: they begin on Monday, and the first of a year is the one with its first Thursday. A running
week or month is whole, also the part of it that has not come yet; `last_N_days` are whole days, and end yesterday.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

from pixels.errors import BadParameter
from pixels.period import Period, parse_day
from pixels.reports.notebooks import did_you_mean

WAYS = "2026-11-22, today, yesterday, this_week, last_week, this_month, last_month, last_7_days, 2026-W46 or 2026-11"
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_LAST_DAYS = re.compile(r"last_([0-9]{1,4})_days")
_BETWEEN = ".."


def read_period(parameter: str, text: str, today: date) -> Period:
    """Return the days that `text` names, or those from one to another: 2026-11-01..2026-11-21, both included.

    Raises BadParameter that names `parameter`.
    """
    start, between, end = text.partition(_BETWEEN)
    if not between:
        return read_days(parameter, text, today)
    first, last = read_days(parameter, start, today).start, read_days(parameter, end, today).end
    if last < first:
        raise BadParameter(parameter, f"{last.isoformat()} is before {first.isoformat()}")
    return Period(first, last)


def read_days(parameter: str, text: str, today: date) -> Period:
    """Return the days that one word or date names, as of `today`. Raises BadParameter that names `parameter`."""
    try:
        found = _named(text, today)
    except (ValueError, OverflowError):
        raise BadParameter(parameter, f"{text!r} is not of the calendar") from None
    if found is not None:
        return found
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        day = parse_day(parameter, text)
        return Period(day, day)
    raise BadParameter(parameter, f"{text!r} is not a day; write it as {WAYS}{did_you_mean(text, _WORDS)}")


def _named(text: str, today: date) -> Period | None:
    """Return the days, or None for what is no word, week or month. Raises ValueError or OverflowError for one there is not."""
    if text in _WORDS:
        return _WORDS[text](today)
    if match := _LAST_DAYS.fullmatch(text):
        return _days_before(today, int(match[1]))
    if match := _WEEK.fullmatch(text):
        return _week_from(date.fromisocalendar(int(match[1]), int(match[2]), 1))
    if match := _MONTH.fullmatch(text):
        return _month_of(date(int(match[1]), int(match[2]), 1))
    return None


def _days_before(today: date, number: int) -> Period:
    if number < 1:
        raise ValueError(number)
    return Period(today - timedelta(days=number), today - timedelta(days=1))


def _week_from(monday: date) -> Period:
    return Period(monday, monday + timedelta(days=6))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month_of(day: date) -> Period:
    return Period(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


_WORDS: dict[str, Callable[[date], Period]] = {
    "today": lambda today: Period(today, today),
    "yesterday": lambda today: _days_before(today, 1),
    "this_week": lambda today: _week_from(_monday(today)),
    "last_week": lambda today: _week_from(_monday(today) - timedelta(days=7)),
    "this_month": _month_of,
    "last_month": lambda today: _month_of(today.replace(day=1) - timedelta(days=1)),
}
