"""Which days a page shows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel_app.periods import ALL, FOUR_WEEKS, LABELS, chosen_period, custom, default_choice, is_choice
from pixels.period import Period

NOW = date(2026, 11, 22)
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
PERIODS = st.tuples(DAYS, DAYS).map(lambda ends: Period(min(ends), max(ends)))


def test_the_default_is_the_last_28_complete_days() -> None:
    """With data in them and before, the default ends yesterday."""
    data = Period(date(2026, 8, 1), NOW)

    preset = default_choice(NOW, data)

    assert (preset, chosen_period(preset, NOW, data)) == (FOUR_WEEKS, Period(date(2026, 10, 25), date(2026, 11, 21)))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(Period(NOW, NOW), id="a first pixel, today"),
        pytest.param(Period(date(2026, 11, 3), NOW), id="younger than 28 days"),
        pytest.param(Period(date(2025, 1, 1), date(2025, 3, 1)), id="all of it long ago"),
        pytest.param(Period(date(2026, 11, 23), date(2026, 11, 23)), id="a clock that runs ahead"),
    ],
)
def test_where_28_days_would_show_too_little_all_data_is_the_default(data: Period) -> None:
    """The range that has data, today included."""
    assert chosen_period(default_choice(NOW, data), NOW, data) == data


def test_an_empty_warehouse_shows_today() -> None:
    """There is nothing to choose by; the page has days all the same."""
    assert chosen_period(default_choice(NOW, None), NOW, None) == Period(NOW, NOW)


@given(preset=st.sampled_from(sorted(LABELS)), now=DAYS, data=PERIODS)
def test_a_preset_is_what_it_says(preset: str, now: date, data: Period) -> None:
    """All but "today" and "all" end with the last complete day; "to date" is at least its first day."""
    period = chosen_period(preset, now, data)

    lengths = {"yesterday": 1, "7d": 7, "28d": 28, "90d": 90}
    firsts = {"mtd": now.replace(day=1), "ytd": now.replace(month=1, day=1)}
    if preset in lengths:
        assert (period.end, period.number_of_days) == (now - timedelta(days=1), lengths[preset])
    elif preset in firsts:
        assert period == Period(firsts[preset], max(firsts[preset], now - timedelta(days=1)))
    else:
        assert period == (data if preset == ALL else Period(now, now))


@given(period=PERIODS, now=DAYS)
def test_days_that_are_written_out_stay(period: Period, now: date) -> None:
    """Whatever the calendar says; what is no such text is no choice."""
    assert is_choice(custom(period))
    assert chosen_period(custom(period), now, None) == period


@pytest.mark.parametrize(
    "text", ["", "8d", "2026-11-02..2026-11-01", "2026-11-01..", "..", "2026-13-01..2026-13-02", "28D"]
)
def test_other_text_is_no_choice(text: str) -> None:
    """It is told, and the usual days are shown."""
    assert not is_choice(text)
