"""Figures, days and instants as a person reads them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from panel_app import words
from pixels.period import Period


def test_numbers_and_rates_are_written_for_people() -> None:
    """Thousands are grouped, rates have one decimal, and what cannot be computed is a dash."""
    written = [words.number(1234567), words.percent(0.08125), words.percent(None), words.per_hundred(1, 0)]

    assert written == ["1,234,567", "8.1 %", "\u2013", "\u2013"]


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (date(2026, 11, 22), date(2026, 11, 22), "22 Nov 2026"),
        (date(2026, 11, 1), date(2026, 11, 22), "1 to 22 Nov 2026"),
        (date(2026, 10, 25), date(2026, 11, 21), "25 Oct to 21 Nov 2026"),
        (date(2025, 12, 31), date(2026, 1, 2), "31 Dec 2025 to 2 Jan 2026"),
    ],
)
def test_days_are_as_short_as_they_are_clear(start: date, end: date, text: str) -> None:
    """Month and year are said once where once is enough."""
    assert words.days(Period(start, end)) == text


def test_an_instant_is_on_the_clock_of_the_time_zone_and_never_rounded_up() -> None:
    """16:59:59 UTC in Berlin is 17:59: data through 18:00 would say too much."""
    assert words.instant(datetime(2026, 11, 22, 16, 59, 59, tzinfo=UTC), "Europe/Berlin") == "22 Nov 2026, 17:59"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (14, "just now"),
        (59, "less than a minute ago"),
        (60, "1 minute ago"),
        (7_199, "1 hour ago"),
        (200_000, "2 days ago"),
    ],
)
def test_ages_are_in_the_largest_unit_that_fits(seconds: int, text: str) -> None:
    """A clock that is behind makes no negative age."""
    assert words.ago(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [
        (150, 100, ("up", "50.0 %")),
        (50, 100, ("down", "50.0 %")),
        (7, 7, ("level", "no change")),
        (3, 0, ("up", "from 0 to 3")),
        (0, 0, ("level", "no change")),
    ],
)
def test_a_count_changes_by_percent_of_what_was(now: int, before: int, change: tuple[str, str]) -> None:
    """Nothing is divided by zero."""
    assert words.change(now, before) == change


def test_a_rate_changes_by_points_and_less_than_is_shown_is_no_change() -> None:
    """From 8.0 % to 8.4 % is 0.4 points, not 5 %."""
    changes = [
        words.change_in_points(0.084, 0.08),
        words.change_in_points(0.08, 0.1),
        words.change_in_points(0.0801, 0.08),
    ]

    assert changes == [("up", "0.4 points"), ("down", "2.0 points"), ("level", "no change")]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_000, "1.0 kB"), (999_960, "1.0 MB"), (2_500_000_000, "2.5 GB"), (5 * 10**15, "5,000.0 TB")],
)  # fmt: skip
def test_sizes_are_in_the_largest_unit_that_fits(count: int, text: str) -> None:
    """Of 1,000 each, and never 1000.0 of one."""
    assert words.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0.0 s"), (0.34, "0.3 s"), (9.94, "9.9 s"), (9.96, "10 s"), (75, "1 min")]
)
def test_a_short_time_has_a_fraction(seconds: float, text: str) -> None:
    """Passes often take less than a second."""
    assert words.short_duration(seconds) == text
