"""What stands at the axes of plots, so that it can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from bokeh.models import DatetimeTicker, FixedTicker

import pixels
from pixels import plots
from tests.sample_warehouse import SampleWarehouse, visit
from tests.unit.pixels.test_plots import rendered

DAYS = ("2026-11-01", "2026-12-31")


@pytest.mark.parametrize(
    ("days", "named"),
    [(["11-01", "11-02", "11-03", "12-20"], 0), (["11-01", "11-02", "11-07"], 3), (["11-01", "12-20"], 2)],
)
def test_days_are_named_where_their_names_have_room(tmp_path: Path, days: list[str], named: int) -> None:
    """Three days in a row beside one seven weeks later would be written over each other."""
    SampleWarehouse(tmp_path).publish(*(visit("p1", "a", f"2026-{day}T10:00") for day in days))
    with pixels.open(tmp_path) as wh:
        ticker = rendered(plots.accounting(wh.accounting(*DAYS))).xaxis[0].ticker

    assert isinstance(ticker, FixedTicker if named else DatetimeTicker)
    assert len(getattr(ticker, "ticks", [])) == named


def test_a_few_weeks_and_months_are_all_named(tmp_path: Path) -> None:
    """They have as much room as a few days have."""
    SampleWarehouse(tmp_path).publish(
        *(visit("p1", "a", f"2026-{day}T10:00") for day in ("07-01", "11-02", "11-20", "12-04"))
    )
    with pixels.open(tmp_path) as wh:
        weeks = rendered(plots.metrics(wh.metrics("2026-11-02", "2026-12-06", per="week"), per="week")).xaxis[0]
        months = rendered(plots.metrics(wh.metrics("2026-07-01", "2026-12-31", per="month"), per="month")).xaxis[0]

    assert (len(weeks.ticker.ticks), len(months.ticker.ticks)) == (5, 6)


@pytest.mark.parametrize(("letters", "slanted"), [(6, False), (30, True)])
@pytest.mark.parametrize("draw", ["funnel", "conversions"])
def test_names_that_would_lie_over_each_other_are_slanted(
    tmp_path: Path, draw: str, letters: int, slanted: bool
) -> None:
    """Six long banners stand side by side, each with its own name."""
    tags = [f"{number}{'x' * (letters - 1)}" for number in range(6)]
    SampleWarehouse(tmp_path).publish(*(visit(tag, tag, "2026-11-01T10:00") for tag in tags))
    with pixels.open(tmp_path) as wh:
        axis = rendered(getattr(plots, draw)(getattr(wh, draw)(*DAYS, by="banner_tag"))).xaxis[0]

    labels = list(axis.major_label_overrides.values())
    assert (axis.major_label_orientation != "horizontal") == slanted
    assert labels == ([f"{tag[:15]}…" for tag in tags] if slanted else tags)
