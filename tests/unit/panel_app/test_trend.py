"""The chart of a trend: other numbers move what is drawn, and the same ones cost nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from bokeh.document import Document
from bokeh.plotting import figure as figure_type

from panel_app.blocks.trend import TrendChart
from panel_app.measures import FTD, VISITORS
from pixels.numbers import ENGLISH
from pixels.plots.figure_trend import EVERY_DAY_NAMED

DAYS = 28


def frame(first: date, days: int = DAYS, up: int = 0) -> pl.DataFrame:
    """Some days of a measure, beside those before."""
    every = [first + timedelta(days=number) for number in range(days)]
    earlier = [day - timedelta(days=days) for day in every]
    values = [float(number % 7 + up) for number in range(days)]
    return pl.DataFrame(
        {
            "event_date": every,
            "value": values,
            "partial": False,
            "stands_out": False,
            "before_date": earlier,
            "before": values,
        }
    )


def figure_of(chart: TrendChart) -> Any:
    """The plot as a browser gets it."""
    return chart.pane.get_root(Document()).select_one({"type": figure_type})


def instant(day: date) -> float:
    """A day as Bokeh has it: milliseconds since 1970."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000


@pytest.mark.parametrize("days", [1, 5, 7, 28, 365])
def test_other_days_move_the_line_and_the_axis(days: int) -> None:
    """Both: a line that lies outside its axis is not seen."""
    chart = TrendChart()
    chart.draw(VISITORS, frame(date(2025, 3, 1), days), ENGLISH)
    figure, plot = figure_of(chart), chart.pane.object
    first = date(2025, 1, 20)
    chart.draw(VISITORS, frame(first, days, up=9), ENGLISH)
    assert (chart.pane.object is plot) == (
        days > EVERY_DAY_NAMED
    )  # a plot that the browser has is changed, not made anew
    figure = figure if chart.pane.object is plot else figure_of(chart)
    start, end = (_milliseconds(at) for at in (figure.x_range.start, figure.x_range.end))
    last = first + timedelta(days=days - 1)
    assert start < instant(first) <= instant(last) < end
    assert end - start < 1.1 * (instant(last) - instant(first)) + 2 * 86_400_000
    assert figure.y_range.end > 9
    if days <= EVERY_DAY_NAMED:  # a single day has no distance to the next by which Bokeh could tell that it is one
        assert {figure.xaxis[0].formatter.years, figure.xaxis[0].formatter.days} == {"%-d %b"}


def _milliseconds(at: Any) -> float:
    return at.replace(tzinfo=UTC).timestamp() * 1000 if isinstance(at, datetime) else float(at)


def test_the_same_numbers_are_drawn_once() -> None:
    """And others, or those of another measure, again."""
    chart = TrendChart()
    drawn: list[int] = []
    plot = chart._plot

    def counted(counter: int) -> Any:
        drawn.append(counter)
        return plot(counter)

    chart._plot = counted  # type: ignore[method-assign]
    chart.draw(VISITORS, frame(date(2025, 3, 1)), ENGLISH)
    chart.pane.get_root(Document())
    before = len(drawn)
    chart.draw(VISITORS, frame(date(2025, 3, 1)), ENGLISH)
    assert len(drawn) == before
    chart.draw(VISITORS, frame(date(2025, 3, 1), up=1), ENGLISH)
    assert len(drawn) > before
    before = len(drawn)
    chart.draw(FTD, frame(date(2025, 3, 1), up=1), ENGLISH)
    chart.pane.get_root(Document())
    assert len(drawn) > before
