"""What late events changed, a bar a day and event type, up for more and down for less."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.plots.theme import (
    DAILY_LABELS,
    EVENT_COLORS,
    GREY,
    HEIGHT,
    WIDTH,
    boxes,
    day_axis,
    dressed,
    load_backend,
    nothing_to_draw,
)

_HALF_A_BAR = pl.duration(hours=10)
_FAINT = 0.35


def changes_bars(frame: pl.DataFrame, width: int | None = WIDTH, height: int = HEIGHT) -> Any:
    """Draw `wh.changes(...)`: per day what was added above the line, and what was taken away below it.

    Banners that gained and banners that lost stand apart, also where they sum to nothing: then credit has moved. Days that
    late events revised are drawn in full colour, those that simply went on are faint. `width` None fills the page.
    """
    if frame.is_empty():
        return nothing_to_draw(width, height, "Nothing has changed")
    load_backend()
    parts = _stacked(frame)
    return dressed(
        hv.Overlay(
            [_part(part) for part in parts.partition_by("event_type", maintain_order=True)] + [_line_at_nothing()]
        ),
        width,
        height,
        title="",
        xlabel="Day",
        ylabel="Change of the count",
        padding=(0.02, 0.1),
        legend_position="top",
        legend_cols=2,
        **day_axis(frame["event_date"].unique().sort()),
    )


def _stacked(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a rectangle for each day, event type and direction, each standing on those of the types before it."""
    sums = frame.group_by("event_date", "event_type", pl.col("change").sign().alias("sign")).agg(
        pl.col("change").sum(), banners=pl.len(), revised=pl.col("revised").any()
    )
    midnight = pl.col("event_date").cast(pl.Datetime("ms"))
    in_order = pl.col("event_type").replace_strict(list(EVENT_COLORS), [0, 1, 2], return_dtype=pl.Int64)
    top = pl.col("change").cum_sum().over("event_date", "sign")
    return sums.sort(in_order, "event_date", "sign").with_columns(
        left=midnight - _HALF_A_BAR,
        right=midnight + _HALF_A_BAR,
        bottom=top - pl.col("change"),
        top=top,
        day=pl.col("event_date").dt.to_string(),
        name=pl.col("event_type").replace(DAILY_LABELS),
        alpha=pl.when("revised").then(1.0).otherwise(_FAINT),
        why=pl.when("revised").then(pl.lit("revised by late events")).otherwise(pl.lit("the day went on")),
    )


def _part(part: pl.DataFrame) -> Any:
    shown = ["day", "name", "change", "banners", "why", "alpha"]
    tooltips = [("Day", "@day, @why"), ("", "@name"), ("Change", "@change{+0,0} in @banners{0,0} banners")]
    return boxes(part, shown, tooltips, part["name"][0], color=EVENT_COLORS[part["event_type"][0]], alpha="alpha")


def _line_at_nothing() -> Any:
    return hv.HLine(0).opts(color=GREY, line_width=1, backend="bokeh")
