"""Which days a page shows: presets that move with the calendar."""

from __future__ import annotations

from datetime import date, timedelta

from pixels.period import Period

TODAY, WEEK, FOUR_WEEKS, NINETY_DAYS, ALL, CUSTOM = "Today", "7 days", "28 days", "90 days", "All", "Custom"
PRESETS = (TODAY, WEEK, FOUR_WEEKS, NINETY_DAYS, ALL)
_LENGTHS = {WEEK: 7, FOUR_WEEKS: 28, NINETY_DAYS: 90}


def preset_period(preset: str, today: date, data: Period | None) -> Period:
    """Return the days of a preset; `data` is the range of days that have any.

    "7 days" and its like end yesterday: they are the last complete days. "All" is all that has data, today included.
    """
    if preset == TODAY:
        return Period(today, today)
    if preset == ALL:
        return data or Period(today, today)
    return Period(today - timedelta(days=_LENGTHS[preset]), today - timedelta(days=1))


def default_preset(today: date, data: Period | None) -> str:
    """Return "28 days" when there is data in them and before, else "All", so that a first pixel is seen at once."""
    month = preset_period(FOUR_WEEKS, today, data)
    if data is None or data.start > month.start or data.end < month.start:
        return ALL
    return FOUR_WEEKS
