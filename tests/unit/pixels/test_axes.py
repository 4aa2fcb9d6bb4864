"""What stands at the axes of plots, so that it can be read."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from bokeh.models import DatetimeTicker, FixedTicker

import pixels
from pixels import plots
from tests.sample_warehouse import SampleWarehouse, registration, visit
from tests.unit.pixels.test_plots import columns, rendered

WEEKS = [(month, day) for month in range(1, 13) for day in (10, 25)]
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


def test_the_time_of_one_record_is_told_in_minutes(tmp_path: Path) -> None:
    """By itself the axis of a single instant counts milliseconds."""
    SampleWarehouse(tmp_path).publish(visit("p1", "a", "2026-11-01T10:00"))
    with pixels.open(tmp_path) as wh:
        across = rendered(plots.player(wh.player("p1"))).x_range

    assert [end.isoformat() for end in (across.start, across.end)] == ["2026-11-01T09:30:00", "2026-11-01T10:30:00"]


@pytest.mark.parametrize(("bars", "height"), [(15, 300), (40, 640)])
def test_many_bars_make_a_plot_higher(tmp_path: Path, bars: int, height: int) -> None:
    """Each banner has its name beside its bar."""
    tags = [f"tag{number}" for number in range(50)]
    sample = SampleWarehouse(tmp_path, banners={tag: (None, None, None, Decimal(1)) for tag in tags})
    sample.publish(*(visit(tag, tag, "2026-11-01T10:00") for tag in tags))
    with pixels.open(tmp_path) as wh:
        costs = plots.costs(wh.costs(*DAYS), "cost", limit=bars)
        visits = plots.banners(wh.banners(*DAYS), limit=bars)

    assert rendered(costs).height == rendered(visits).height == height


@pytest.mark.parametrize(("periods", "ticks", "written"), [(12, 12, True), (52, 26, False)])
def test_many_weeks_of_cohorts_are_told_by_tooltips(tmp_path: Path, periods: int, ticks: int, written: bool) -> None:
    """52 columns of numbers would be written into each other, and so would their heads; cohorts get the height they need."""
    SampleWarehouse(tmp_path).publish(
        *(registration(f"p{week}", "a", f"2025-{month:02}-{day}T10:00") for week, (month, day) in enumerate(WEEKS))
    )
    with pixels.open(tmp_path) as wh:
        cohorts = wh.cohorts("2025-01-01", "2025-12-31", periods=periods)
        figure = rendered(plots.cohorts(cohorts, limit=60))

    assert len(figure.xaxis[0].ticker.ticks) == ticks
    assert bool(columns(figure, "whole_percent")) == written
    assert figure.height == 14 * len(WEEKS) + 80


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
