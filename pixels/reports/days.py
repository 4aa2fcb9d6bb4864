"""Which days a notebook shows."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pixels.compared import comparable_days
from pixels.period import Day, Period, parse_day, parse_period
from pixels.warehouse import Warehouse

FOUR_WEEKS = 28
_WEEK = 7


def today(wh: Warehouse) -> date:
    """Return the day that the snapshot's data ends in; it may not be over."""
    return wh.complete_until.astimezone(ZoneInfo(wh.time_zone)).date()


def latest_days(wh: Warehouse, number: int = FOUR_WEEKS) -> Period:
    """Return the last `number` whole days with data, fewer when Pixels holds fewer.

    On its very first day that one, although it goes on; without any data the days before today.
    """
    yesterday = _back(today(wh), 1)
    data = wh.days_with_data() or Period(date.min, yesterday)
    end = max(data.start, min(data.end, yesterday))
    return Period(max(data.start, _back(end, number - 1)), end)


def chosen_days(wh: Warehouse, start: Day = "", end: Day = "") -> Period:
    """Return the days from `start` to `end`, both included. Left empty: up to the latest whole day; four weeks of days.

    Raises BadParameter that names from or to.
    """
    latest = latest_days(wh)
    if start:
        first = parse_day("from", start)
        return parse_period(first, end or max(first, latest.end), ("from", "to"))
    if end:
        last = parse_day("to", end)
        return Period(_back(last, FOUR_WEEKS - 1), last)
    return latest


def chosen_week(wh: Warehouse, start: Day = "", end: Day = "") -> Period:
    """Return the days from `start` to `end`, as `chosen_days`. Left empty: the latest week from Monday to Sunday that is over.

    Of a first week that Pixels does not hold whole the days that it holds; on the days before one is over, as `latest_days`.
    Raises BadParameter.
    """
    if start or end:
        return chosen_days(wh, start, end)
    monday, data = _monday(today(wh)), wh.days_with_data()
    week = Period(_back(monday, _WEEK), _back(monday, 1))
    if data is None:
        return week
    return latest_days(wh, _WEEK) if data.start > week.end else Period(max(week.start, data.start), week.end)


def weeks_up_to(wh: Warehouse, period: Period, number: int = 8) -> Period:
    """Return the days of the last `number` weeks up to the end of a period: from a Monday, later than the first day with data.

    The period itself where there is no such week.
    """
    start, data = _back(_monday(period.end), (number - 1) * _WEEK), wh.days_with_data()
    if data is not None and start <= data.start:
        start = _monday(data.start) + timedelta(days=_WEEK)
    return Period(start, period.end) if start <= period.end else period


def fair_days_before(wh: Warehouse, period: Period) -> Period | None:
    """Return as many days just before; None where a comparison of any event type that is counted here would mislead."""
    first = wh.first_days()
    return comparable_days(period, today(wh), first, tuple(first)) if first else None


def shifted(period: Period, number: int) -> Period:
    """Return the period so many days later; negative: earlier."""
    return Period(_back(period.start, -number), _back(period.end, -number))


def days_held(wh: Warehouse, period: Period) -> Period | None:
    """Return the days of the period from the first day with data up to today; None when there is none of them."""
    data = wh.days_with_data()
    if data is None or period.end < data.start or period.start > today(wh):
        return None
    return Period(max(period.start, data.start), max(min(period.end, today(wh)), data.start))


def day_that_goes_on(wh: Warehouse, period: Period) -> date | None:
    """Return the day of the period that was not over when the data ends, or None."""
    return today(wh) if period.start <= today(wh) <= period.end else None


def _monday(day: date) -> date:
    return _back(day, day.weekday())


def _back(day: date, number: int) -> date:
    """Return the day `number` days earlier, or the first of the calendar."""
    return day - timedelta(days=min(number, (day - date.min).days))
