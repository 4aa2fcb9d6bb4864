"""Bars of cohorts, with what is still expected of them."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from pixels import plots
from pixels.errors import BadParameter
from pixels.forecast import _COLUMNS
from tests.unit.pixels.test_plots import columns, rendered

MONDAY = date(2026, 11, 2)


def cohorts(*rows: tuple[object, ...]) -> pl.DataFrame:
    """Weeks one after the other."""
    dated = [(MONDAY + timedelta(weeks=week), *row) for week, row in enumerate(rows)]
    return pl.DataFrame(dated, schema=_COLUMNS, orient="row")


OVER, OPEN = (10, 4, 0, 4.0, 4.0, 4.0, True), (12, 3, 9, 5.5, 4.0, 8.0, False)


def test_what_is_expected_stands_on_what_came_with_its_limits() -> None:
    """A cohort that is over is one bar."""
    figure = rendered(plots.forecast(cohorts(OVER, OPEN)))
    came, expected = (bars for bars in columns(figure, "bottom", "top"))
    assert (came["top"], expected["bottom"], expected["top"]) == ([4, 3], [3], [5.5])
    (limits,) = columns(figure, "lower", "upper")
    assert (limits["lower"], limits["upper"]) == ([4], [8])
    assert [item.label.value for item in figure.legend[0].items] == ["Converted", "Expected"]


def test_the_newest_cohorts_are_drawn() -> None:
    """The title says of how many; what cannot be drawn is named, and nothing is drawn as well."""
    figure = rendered(plots.forecast(cohorts(OVER, OVER, OPEN), "registration", limit=2))
    assert figure.title.text == "The newest 2 of 3 cohorts"
    assert columns(figure, "day")[0]["day"] == ["2026-11-09", "2026-11-16"]
    for wrong in ({"limit": 0}, {"conversion": "visit"}):
        with pytest.raises(BadParameter, match=next(iter(wrong))):
            plots.forecast(cohorts(OVER), **wrong)
    assert columns(rendered(plots.forecast(cohorts())), "text") == [{"text": ["Nobody began in these days"]}]


@pytest.mark.parametrize("row", [OVER, OPEN, (3, 1, 2, None, None, None, False)])
def test_a_single_cohort_is_drawn(row: tuple[object, ...]) -> None:
    """Over, open, or one of which nothing can be foreseen."""
    figure = rendered(plots.forecast(cohorts(row)))
    assert columns(figure, "converted")[0]["converted"] == [row[1]]
