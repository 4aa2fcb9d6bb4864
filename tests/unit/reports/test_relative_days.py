"""Days as people say them, as of a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pixels.errors import BadParameter
from pixels.period import Period
from pixels.reports.relative_days import read_days, read_period

SUNDAY = date(2026, 11, 22)
todays = st.dates(date(1970, 1, 1), date(2200, 12, 31))


def days(text: str, today: date = SUNDAY) -> tuple[str, str]:
    """Return first and last day."""
    found = read_period("days", text, today)
    return found.start.isoformat(), found.end.isoformat()


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11-01", "2026-11-01", "2026-11-01"),
        ("today", "2026-11-22", "2026-11-22"),
        ("yesterday", "2026-11-21", "2026-11-21"),
        ("this_week", "2026-11-16", "2026-11-22"),
        ("last_week", "2026-11-09", "2026-11-15"),
        ("this_month", "2026-11-01", "2026-11-30"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("last_7_days", "2026-11-15", "2026-11-21"),
        ("last_1_days", "2026-11-21", "2026-11-21"),
        ("2026-W46", "2026-11-09", "2026-11-15"),
        ("2026-W53", "2026-12-28", "2027-01-03"),
        ("2027-W01", "2027-01-04", "2027-01-10"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("9999-12", "9999-12-01", "9999-12-31"),
        ("2026-11-01..2026-11-21", "2026-11-01", "2026-11-21"),
        ("last_month..yesterday", "2026-10-01", "2026-11-21"),
        ("2026-W45..2026-W46", "2026-11-02", "2026-11-15"),
    ],
)
def test_a_word_is_the_days_that_a_person_means(text: str, first: str, last: str) -> None:
    """On a Sunday, the last day of its week."""
    assert days(text) == (first, last)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lastweek", "is not a day; write it as 2026-11-22, today, .* \\(did you mean 'last_week'\\?\\)"),
        ("", "is not a day"),
        ("Today", "is not a day"),
        ("2026-11-31", "is not a day of the calendar"),
        ("2025-W53", "is not of the calendar"),
        ("2026-W00", "is not of the calendar"),
        ("2026-13", "is not of the calendar"),
        ("0000-01", "is not of the calendar"),
        ("9999-W52", "is not of the calendar"),
        ("last_0_days", "is not of the calendar"),
        ("2026-11-21..2026-11-01", "2026-11-01 is before 2026-11-21"),
        ("..2026-11-01", "'' is not a day"),
        ("2026-11-01..2026-11-02..2026-11-03", "is not a day"),
        ("٢٠٢٦-11", "is not a day"),
    ],
)
def test_what_names_no_days_is_refused(text: str, message: str) -> None:
    """With the ways there are to say it, and the parameter's name."""
    with pytest.raises(BadParameter, match=f"^days: .*{message}"):
        days(text)


def test_what_lies_before_the_calendar_is_refused() -> None:
    """There is no day before the first of January of the year 1."""
    for text in ("yesterday", "last_week", "last_month", "last_9999_days"):
        with pytest.raises(BadParameter, match="is not of the calendar"):
            read_days("from", text, date.min)


@given(today=todays)
@example(today=date(2026, 12, 31))
@example(today=date(2027, 1, 3))
def test_weeks_are_iso_weeks(today: date) -> None:
    """This week holds today, begins on Monday, and is the week of that name; last week is the one before."""
    this, last = read_days("from", "this_week", today), read_days("from", "last_week", today)
    year, week, _ = today.isocalendar()

    assert this.start <= today <= this.end
    assert (this.start.isoweekday(), this.number_of_days) == (1, 7)
    assert this == read_days("from", f"{year:04d}-W{week:02d}", today)
    assert last == Period(this.start - timedelta(days=7), this.start - timedelta(days=1))


@given(today=todays)
@example(today=date(2026, 1, 31))
@example(today=date(2026, 3, 31))
def test_months_are_whole_and_follow_each_other(today: date) -> None:
    """This month holds today and no day of another month; last month ends on the day before it."""
    this, last = read_days("to", "this_month", today), read_days("to", "last_month", today)

    assert this.start <= today <= this.end
    assert this == read_days("to", f"{today:%Y-%m}", today)
    assert {(day.year, day.month) for day in (this.start, this.end)} == {(today.year, today.month)}
    assert (this.start.day, (this.end + timedelta(days=1)).day) == (1, 1)
    assert last.end == this.start - timedelta(days=1)
    assert last == read_days("to", f"{last.start:%Y-%m}", today)


@given(today=todays, number=st.integers(1, 9999))
def test_the_last_days_are_that_many_and_end_yesterday(today: date, number: int) -> None:
    """Whole days only: today goes on."""
    found = read_days("from", f"last_{number}_days", today)

    assert found.number_of_days == number
    assert found.end == read_days("from", "yesterday", today).end


@given(today=todays, day=st.dates())
def test_a_date_is_itself_on_every_day(today: date, day: date) -> None:
    """It depends on no clock."""
    assert read_days("from", day.isoformat(), today) == Period(day, day)
