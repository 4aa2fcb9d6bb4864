"""One figure by day as a line, and that of earlier days beside it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

import holoviews as hv
import polars as pl
from bokeh.models import BasicTicker, CustomJSTickFormatter, DatetimeTickFormatter, NumeralTickFormatter

from pixels.numbers import ENGLISH, Numbers
from pixels.plots.theme import GREY, HEIGHT, PALETTE, WIDTH, dressed, load_backend, nothing_to_draw, thousands_on_y
from pixels.words import NONE

_MARKED_DAYS = 62
_BESIDE = 0.02
_TARGETS_WIDTH = 500
EVERY_DAY_NAMED = 7
"""Days up to which the axis names each of them."""
_NUMBER_IN_BROWSER = 'return tick.toLocaleString(language, {numberingSystem: "latn"})'
_PERCENT_IN_BROWSER = """
return (tick * 100).toLocaleString(language, {maximumFractionDigits: 1, numberingSystem: "latn"}) + " %"
"""


def figure_trend(
    frame: pl.DataFrame,
    label: str,
    *,
    is_rate: bool = False,
    numbers: Numbers = ENGLISH,
    width: int | None = WIDTH,
    height: int = HEIGHT,
) -> Any:
    """Draw a figure by day: event_date, value (null: a gap), partial, and beside it before_date and before (null: none).

    A column stands_out, if there is one, says which days get a diamond.

    The line to a `partial` day, whose figure may still rise, is dashed. The earlier days are a grey line over the days that
    they stand beside. `is_rate` writes 0.081 as 8.1 %; `numbers` is how the reader
    writes them. `width` None fills the page.
    """
    if frame.is_empty():
        return nothing_to_draw(width, height)
    load_backend()
    rows = frame.with_columns(pl.col("value", "before").cast(pl.Float64))
    top = max([0.0, *rows["value"].drop_nulls(), *rows["before"].drop_nulls()]) * 1.1 or 1.0
    return dressed(
        hv.Overlay(
            [
                _earlier(rows, is_rate),
                *_line(rows, label),
                *_marked(rows),
                _targets(rows, label, is_rate, numbers),
            ]
        ),
        width,
        height,
        title="",
        xlabel="",
        ylabel="",
        xlim=_around(rows["event_date"]),
        ylim=(0, top),
        show_legend=False,
        **figure_axes(rows, is_rate, numbers),
    )


def _around(days: pl.Series) -> tuple[datetime, datetime]:
    """Return the ends of the axis: a little before the first day and after the last. Said, they follow other days of a drawn plot."""
    first, last = (datetime.combine(day, time()) for day in (days.min(), days.max()))  # type: ignore[arg-type]
    beside = max((last - first) * _BESIDE, timedelta(hours=12) if first == last else timedelta())
    return first - beside, last + beside


def figure_axes(rows: pl.DataFrame, is_rate: bool, numbers: Numbers) -> dict[str, Any]:
    """Return the options of the axes of a figure by `event_date`."""
    days = rows["event_date"]
    named = {"xticks": days.to_list()} if days.len() <= EVERY_DAY_NAMED else {}
    own = [] if numbers == ENGLISH else [partial(_written_on_y, is_rate=is_rate, language=numbers.language)]
    days_on_x = partial(_days_on_x, are_named=bool(named))
    return {**named, "hooks": [_percent_on_y if is_rate else thousands_on_y, *own, days_on_x]}


def _written_on_y(plot: Any, _element: Any, *, is_rate: bool, language: str) -> None:
    """Write the axis as the reader does, whose browser knows how."""
    code = _PERCENT_IN_BROWSER if is_rate else _NUMBER_IN_BROWSER
    for axis in plot.state.yaxis:
        axis.formatter = CustomJSTickFormatter(args={"language": language}, code=code)


def _percent_on_y(plot: Any, _element: Any) -> None:
    for axis in plot.state.yaxis:
        axis.formatter = NumeralTickFormatter(format="0.[0] %")
        axis.ticker = BasicTicker(desired_num_ticks=5)
    for grid, axis in zip(plot.state.ygrid, plot.state.yaxis, strict=False):
        grid.ticker = axis.ticker
    for grid in plot.state.xgrid:
        grid.visible = False


def _days_on_x(plot: Any, _element: Any, *, are_named: bool) -> None:
    """Write the days as every other text of the page does; by itself Bokeh writes a few of them as hours, and one as a year."""
    scales = ["milliseconds", "seconds", "minsec", "minutes", "hourmin", "hours", "days", "months", "years"]
    longer = {} if are_named else {"months": "%b %Y", "years": "%Y"}
    plot.state.min_border_right = 24  # for the half of the last day's name
    for axis in plot.state.xaxis:
        axis.formatter = DatetimeTickFormatter(**dict.fromkeys(scales, "%-d %b") | longer)


def _earlier(rows: pl.DataFrame, is_rate: bool) -> Any:
    named = rows.select("event_date", "before", "before_date", text=written_figure("before", is_rate, ENGLISH))
    return hv.Curve(named, "event_date", "before", label="before").opts(
        color=GREY, line_width=1.5, alpha=0.8, backend="bokeh"
    )


def _line(rows: pl.DataFrame, label: str) -> list[Any]:
    """Return a solid line through whole days and dashed ones to those that are not, and the points."""
    partial = pl.col("partial")
    reached = partial | partial.shift(-1, fill_value=False) | partial.shift(1, fill_value=False)
    solid = rows.with_columns(pl.when(~partial).then("value").alias("value"))
    dashed = rows.with_columns(pl.when(reached).then("value").alias("value"))
    drawn = [
        hv.Curve(part.select("event_date", "value"), "event_date", "value", label=label).opts(
            color=PALETTE[0], line_width=2, line_dash=dash, backend="bokeh"
        )
        for part, dash in ((solid, "solid"), (dashed, "dashed"))
    ]
    points = rows.drop_nulls("value") if rows.height <= _MARKED_DAYS else rows.clear()
    marks = hv.Scatter(points.select("event_date", "value"), "event_date", "value", label=label)
    return [*drawn, marks.opts(color=PALETTE[0], size=4, backend="bokeh")]


def _marked(rows: pl.DataFrame) -> list[Any]:
    """Return the days that stand out."""
    if "stands_out" not in rows.columns or not rows["stands_out"].any():
        return []
    marked = rows.filter("stands_out").drop_nulls("value").select("event_date", "value")
    marks = hv.Scatter(marked, "event_date", "value", label="stands out")
    return [marks.opts(color=PALETTE[1], size=11, marker="diamond", backend="bokeh")]


def _targets(rows: pl.DataFrame, label: str, is_rate: bool, numbers: Numbers) -> Any:
    """Return unseen points, larger than those that are seen, with the tooltips."""
    cut = pl.when("partial").then(pl.lit(", may still rise")).otherwise(pl.lit(""))
    there = rows.filter(pl.col("value").is_not_null() | pl.col("before").is_not_null())
    named = there.select(
        "event_date",
        place=pl.coalesce("value", "before"),
        now=written_figure("value", is_rate, numbers),
        then=written_figure("before", is_rate, numbers),
        day=pl.col("event_date").dt.strftime("%a, %-d %b %Y") + cut,
        earlier=pl.col("before_date").dt.strftime("%a, %-d %b %Y").fill_null("nothing to compare"),
    )
    return hv.Scatter(named, "event_date", ["place", "now", "then", "day", "earlier"], label=label).opts(
        color=PALETTE[0],
        alpha=0,
        size=min(16, max(4, _TARGETS_WIDTH // max(1, rows.height))),
        tools=["hover"],
        hover_tooltips=[("@day", "@now"), ("@earlier", "@then")],
        backend="bokeh",
    )


def written_figure(column: str, is_rate: bool, numbers: Numbers) -> pl.Expr:
    """Write a figure as the reader does, a rate from 0 to 1 in percent, and a dash for null."""
    value = pl.col(column)
    text = pl.format("{} %", (value * 100).round(1)) if is_rate else value.round(0).cast(pl.Int64).cast(pl.String)
    own = text if numbers == ENGLISH else text.map_elements(numbers.written, pl.String)
    return pl.when(value.is_not_null()).then(own).otherwise(pl.lit(NONE))
