"""First visits of the day by the hours of the clock, as bars."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.errors import BadParameter
from pixels.plots.theme import (
    EVENT_COLORS,
    HEIGHT,
    WIDTH,
    boxes,
    dressed,
    load_backend,
    nothing_to_draw,
    thousands_on_y,
)

_LABELS = {
    "visit": "First visits of the day",
    "registration": "First registrations of the day",
    "deposit": "First deposits of the day",
}
_TICKS = [(hour, f"{hour}:00") for hour in range(0, 25, 3)]
_FAINT = 0.35


def hours_bars(frame: pl.DataFrame, event_type: str = "visit", width: int | None = WIDTH, height: int = HEIGHT) -> Any:
    """Draw `wh.hours(...)` for one event type: a bar for each hour of the local clock, summed over the days of the frame.

    An hour that was not over, or that some of the days did not have (yet), is faint with a dashed frame: its sum is not to be
    compared with the others. Both hours of a clock that went back are in one bar. `width` None fills the page.
    """
    if event_type not in _LABELS:
        raise BadParameter("event_type", f"{event_type!r} is not one of {', '.join(_LABELS)}")
    hours = frame.filter(pl.col("event_type") == event_type)
    if not hours["count"].sum():
        return nothing_to_draw(width, height)
    load_backend()
    bars = (
        hours.group_by("hour")
        .agg(pl.col("count").sum(), pl.col("partial").any(), days=pl.col("event_date").n_unique())
        .sort("hour")
        .with_columns(
            left=pl.col("hour") + 0.08,
            bottom=pl.lit(0),
            right=pl.col("hour") + 0.92,
            top=pl.col("count"),
            clock=pl.format("{}:00 to {}:00", "hour", pl.col("hour") + 1),
            partial=pl.col("partial") | (pl.col("days") < hours["event_date"].n_unique()),
        )
    )
    return dressed(
        hv.Overlay(
            [_bars(bars.filter(pl.col("partial") == partial), event_type, partial) for partial in (False, True)]
        ),
        width,
        height,
        title="",
        xlabel="Hour of the local clock",
        ylabel=_LABELS[event_type],
        xlim=(0, 24),
        ylim=(0, max(1, bars["count"].max()) * 1.1),  # type: ignore[operator, type-var]
        xticks=_TICKS,
        show_legend=False,
        hooks=[thousands_on_y],
    )


def _bars(bars: pl.DataFrame, event_type: str, partial: bool) -> Any:
    color = EVENT_COLORS[event_type]
    look: dict[str, Any] = {"line_dash": "dashed", "line_color": color, "fill_alpha": _FAINT} if partial else {}
    tooltips = [("", "@clock"), (_LABELS[event_type], "@count{0,0}"), ("Days", "@days{0,0}")]
    return boxes(bars, ["clock", "count", "days"], tooltips, color=color, **look)
