"""Which days a page shows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel_app.periods import (
    ALL,
    FOUR_WEEKS,
    PRESETS,
    TODAY,
    default_preset,
    preset_period,
)
from pixels.period import Period

NOW = date(2026, 11, 22)
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
PERIODS = st.tuples(DAYS, DAYS).map(lambda ends: Period(min(ends), max(ends)))


def test_the_default_is_the_last_28_complete_days() -> None:
    """With data in them and before, the default ends yesterday."""
    data = Period(date(2026, 8, 1), NOW)

    preset = default_preset(NOW, data)

    assert (preset, preset_period(preset, NOW, data)) == (FOUR_WEEKS, Period(date(2026, 10, 25), date(2026, 11, 21)))


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
    assert preset_period(default_preset(NOW, data), NOW, data) == data


def test_an_empty_warehouse_shows_today() -> None:
    """There is nothing to choose by; the page has days all the same."""
    assert preset_period(default_preset(NOW, None), NOW, None) == Period(NOW, NOW)


@given(PERIODS, st.sampled_from(PRESETS))
def test_presets_of_complete_days_end_yesterday_and_have_the_length_they_say(data: Period, preset: str) -> None:
    """ "7 days" is 7 days without the running one; "Today" and "All" are what they say."""
    period = preset_period(preset, NOW, data)

    if preset == ALL:
        assert period == data
    elif preset == TODAY:
        assert period == Period(NOW, NOW)
    else:
        assert (period.end, period.number_of_days) == (NOW - timedelta(days=1), int(preset.removesuffix(" days")))
