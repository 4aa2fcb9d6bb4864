"""A measure by day as a chart that moves: new numbers are drawn into the lines that are there."""

from __future__ import annotations

from functools import partial
from typing import Any

import holoviews as hv
import panel as pn
import polars as pl

from panel_app import words
from panel_app.blocks.exports import exports
from panel_app.blocks.layout import section
from panel_app.blocks.markup import link, text
from panel_app.figures import DAY, Figures
from panel_app.measures import Measure, daily, is_money
from panel_app.page import Go, Shown
from panel_app.screen import Screen
from panel_app.situation import Situation
from pixels.numbers import ENGLISH, Numbers
from pixels.plots.figure_trend import EVERY_DAY_NAMED, figure_trend

HEIGHT = 330
_TYPES = {"visit": "", "registration": "registration", "deposit": "deposit"}


def trend_frame(measure: Measure, figures: Figures, where: Situation) -> pl.DataFrame:
    """Return a measure by day, and that of the earlier days beside it: event_date, value, partial, stands_out, ...

    ... before_date, before.
    """
    days = (
        [] if figures.stood_out is None else figures.stood_out.filter(pl.col("measure") == measure.part)[DAY].to_list()
    )
    now = daily(measure, figures.now, where, figures.currency)
    now = now.with_columns(stands_out=pl.lit(False) if measure.is_rate else pl.col(DAY).is_in(days))
    fair = where.fair_days(measure.needs)
    if fair is None or figures.before is None:
        return now.with_columns(before_date=pl.lit(None, pl.Date), before=pl.lit(None, pl.Float64))
    before = daily(measure, figures.before, where, figures.currency).select(before_date=DAY, before="value")
    return pl.concat([now, before.head(now.height)], how="horizontal")


class TrendSection:
    """The chart of a measure with its heading, what its lines are, and the table of the same numbers."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._title, self._twin = (Screen(on_go=go, moves_address=moves_address) for _ in range(2))
        self._is_served = moves_address
        self._chart = TrendChart()
        self.layout = section(self._title, self._chart.pane, self._twin)

    def show(self, shown: Shown, measure: Measure) -> None:
        """Draw the measure of the figures that are shown."""
        frame = trend_frame(measure, shown.answer, shown.situation)
        self._title.show(f"<h2>{text(measure.label)} by day</h2>{_lines(shown, measure, frame)}")
        if shown.is_on_screen:
            # In a message of its own, so that the numbers do not wait for the picture of them.
            pn.state.execute(partial(self._chart.draw, measure, frame, words.reader_numbers()), schedule=True)
        self._twin.show(f'<div class="line">{trend_table(measure, frame)}{self._ways(shown, measure)}</div>')

    def _ways(self, shown: Shown, measure: Measure) -> str:
        to = (
            shown.address.at("money")
            if is_money(measure)
            else shown.address.at("proof", type=_TYPES[measure.needs[-1]])
        )
        why = link(to, "why?")
        if not self._is_served:
            return why
        return why + exports(shown.address, "trend", picture=True, notebook=True)


def _lines(shown: Shown, measure: Measure, frame: pl.DataFrame) -> str:
    """Say what the lines are, and how many days stand out."""
    fair = shown.situation.fair_days(measure.needs)
    before = f'<span class="key before">{text(words.days(fair))}</span>' if fair else ""
    now = f'<span class="key now">{text(words.days(shown.situation.period))}</span>'
    number = int(frame["stands_out"].sum())
    ways = {"measure": measure.part, **({"banner": shown.address.where[0][1] or ""} if shown.address.where else {})}
    told = f"{words.counted(number, 'day stands', 'days stand')} out" if number else ""
    marked = link(shown.address.at("anomalies", **ways), f"\u25c6 {told}") if number else ""
    return f'<p class="keys note">{now}{before}<span>dashed: may still rise</span>{marked}</p>'


class TrendChart:
    """One measure of a period by day. `draw` again with newer figures of the same days moves the line alone."""

    def __init__(self) -> None:
        self._redraw = hv.streams.Counter()
        self._drawn: tuple[object, ...] | None = None
        self._frame = pl.DataFrame()
        self._measure: Measure | None = None
        self._numbers = ENGLISH
        self.pane = pn.pane.HoloViews(None, height=HEIGHT, sizing_mode="stretch_width", margin=0)

    def draw(self, measure: Measure, frame: pl.DataFrame, numbers: Numbers) -> None:
        """Draw what `trend_frame` returned; lines to days that may still rise are dashed. The same again costs nothing."""
        if measure == self._measure and self._drawn is not None and frame.equals(self._frame):
            return
        self._frame, self._measure, self._numbers = frame, measure, numbers
        # What decides how many lines and which axes there are; HoloViews updates data in place, not structure.
        structure = (
            frame[DAY].min() if frame.height <= EVERY_DAY_NAMED else None,
            frame.height,
            measure.slug,
            tuple(frame["partial"]),
            frame["stands_out"].any(),
            frame["before"].null_count(),
        )
        if structure == self._drawn:
            self._redraw.event()
        else:
            self._drawn = structure
            self.pane.object = hv.DynamicMap(self._plot, streams=[self._redraw])

    def _plot(self, counter: int) -> Any:
        measure = self._measure
        assert measure is not None  # noqa: S101 - drawn by `draw` alone
        plot = figure_trend(
            self._frame, measure.label, is_rate=measure.is_rate, numbers=self._numbers, width=None, height=HEIGHT
        )
        return plot.opts(*_growing_axes())


def trend_table(measure: Measure, frame: pl.DataFrame) -> str:
    """Draw the same numbers as a table, for those who cannot see the chart, or want to read them."""

    def written(value: float | None) -> str:
        if value is None:
            return words.NONE
        if is_money(measure):
            return words.price(value)
        return words.percent(value) if measure.is_rate else words.number(round(value))

    rows = "".join(
        f'<tr><th scope="row">{words.day(row[DAY])}{" (may still rise)" if row["partial"] else ""}</th>'
        f"<td>{written(row['value'])}</td><td>{words.day(row['before_date']) if row['before_date'] else words.NONE}</td>"
        f"<td>{written(row['before'])}</td></tr>"
        for row in frame.iter_rows(named=True)
    )
    return (
        '<details class="twin" data-stays-open><summary>As a table</summary><div class="scrolls" tabindex="0"><table><thead><tr>'
        f'<th scope="col">Day</th><th scope="col">{text(measure.label)}</th><th scope="col">Day before</th>'
        f'<th scope="col">Before</th></tr></thead><tbody>{rows}</tbody></table></div></details>'
    )


def _growing_axes() -> list[Any]:
    """Let the axes follow the numbers when they are drawn again; HoloViews wants to hear it of every layer."""
    return [layer(framewise=True, backend="bokeh") for layer in (hv.opts.Overlay, hv.opts.Curve, hv.opts.Scatter)]
