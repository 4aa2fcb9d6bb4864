"""The daily trend as a chart that moves: new numbers are drawn into the lines that are there."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import panel as pn

from panel_app.figures import Figures
from pixels import plots

HEIGHT = 220


class TrendChart:
    """One measure of a period by day. `draw` again with newer figures of the same days moves the line alone."""

    def __init__(self) -> None:
        self._redraw = hv.streams.Counter()
        self._drawn: tuple[object, ...] | None = None
        self._figures: Figures | None = None
        self._event_type = ""
        self.pane = pn.pane.HoloViews(None, height=HEIGHT, sizing_mode="stretch_width", margin=0)

    def draw(self, figures: Figures, event_type: str) -> None:
        """Draw the counts of one event type; the line to a day that is not over is dashed."""
        self._figures, self._event_type = figures, event_type
        # What decides how many lines and which axes there are; HoloViews updates data in place, not structure.
        structure = (figures.period, figures.today, event_type)
        if structure == self._drawn:
            self._redraw.event()
        else:
            self._drawn = structure
            self.pane.object = hv.DynamicMap(self._plot, streams=[self._redraw])

    def _plot(self, counter: int) -> Any:
        figures = self._figures
        assert figures is not None  # noqa: S101 - drawn by `draw` alone
        partial = figures.today if figures.period.end >= figures.today else None
        days = (figures.period.start, figures.period.end)
        plot = plots.metrics(
            figures.trend, self._event_type, last_day_partial=partial, period=days, width=None, height=HEIGHT
        )
        top = max([1, *figures.trend.filter(event_type=self._event_type)["count"]])
        # The card's heading and buttons say what the axes are.
        return plot.opts(xlabel="", ylabel="", ylim=(0, top * 1.1), backend="bokeh").opts(*_growing_axes())


def _growing_axes() -> list[Any]:
    """Let the axes follow the numbers when they are drawn again; HoloViews wants to hear it of every layer."""
    return [layer(framewise=True, backend="bokeh") for layer in (hv.opts.Overlay, hv.opts.Curve, hv.opts.Scatter)]
