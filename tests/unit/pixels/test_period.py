"""What counts as a range of days."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from pixels.errors import BadParameter
from pixels.period import Period, parse_period


@pytest.mark.parametrize("end", ["2026-11-21", date(2026, 11, 21)])
def test_days_are_dates_or_iso_text(end: str | date) -> None:
    """Text and dates mean the same; one day is a range too."""
    assert parse_period("2026-11-21", end) == Period(date(2026, 11, 21), date(2026, 11, 21))


@pytest.mark.parametrize(
    "nonsense",
    ["", " 2026-11-01", "2026-11-01\n", "2026-11-1", "20261101", "2026-W45-1", "01.11.2026", "2026-02-30", "2026-11-01T00:00", "today",
     "\u0662026-11-01", "0000-01-01", None, 20261101, 1.5, b"2026-11-01", datetime(2026, 11, 1), ["2026-11-01"]],  # noqa: DTZ001 - the naive instant is the point
)  # fmt: skip
@pytest.mark.parametrize("parameter", ["start", "end"])
def test_what_is_not_a_day_is_refused_by_name(parameter: str, nonsense: object) -> None:
    """Other notations, instants and numbers raise BadParameter that names the parameter."""
    days: dict[str, object] = {"start": "2026-11-01", "end": "2026-11-30", parameter: nonsense}

    with pytest.raises(BadParameter) as raised:
        parse_period(days["start"], days["end"])

    assert raised.value.parameter == parameter


def test_an_end_before_the_start_is_refused() -> None:
    """The message gives both days."""
    with pytest.raises(BadParameter, match=r"end: 2026-10-31 is before start 2026-11-01") as raised:
        parse_period("2026-11-01", "2026-10-31")

    assert raised.value.parameter == "end"
