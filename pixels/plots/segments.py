"""Where people stand, a bar a segment."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.plots.theme import (
    EVENT_COLORS,
    GREY,
    HEIGHT,
    WIDTH,
    boxes,
    dressed,
    load_backend,
    nothing_to_draw,
    percent,
    texts,
    thousands_on_y,
)

_LABELS = {"visitor": "Visitor", "registered": "Registered", "depositor": "Depositor", "lapsed": "Lapsed"}
_COLORS = [*EVENT_COLORS.values(), GREY]


def segments_bars(frame: pl.DataFrame, width: int | None = WIDTH, height: int = HEIGHT) -> Any:
    """Draw `wh.segments(...)`: a bar a segment, with its share of everybody above it. `width` None fills the page."""
    if frame.is_empty() or not frame["people"].sum():
        return nothing_to_draw(width, height)
    load_backend()
    colors = pl.Series("color", _COLORS)
    rows = frame.with_columns(
        colors, name=pl.col("segment").replace(_LABELS), percent=percent("share"), place=pl.int_range(pl.len())
    ).with_columns(left=pl.col("place") - 0.4, right=pl.col("place") + 0.4, bottom=pl.lit(0), top="people")
    shown = ["name", "people", "everybody", "percent", "color"]
    tooltips = [("", "@name"), ("People", "@people{0,0} of @everybody{0,0}, @percent")]
    bars = boxes(rows, shown, tooltips, color="color")
    shares = texts(rows.select("place", "people", "percent"), "10pt", text_baseline="bottom")
    return dressed(
        hv.Overlay([bars, shares]),
        width,
        height,
        title="",
        xlabel="Segment",
        ylabel="People",
        xticks=list(rows.select("place", "name").iter_rows()),
        ylim=(0, int(frame["people"].max()) * 1.15),  # type: ignore[arg-type]
        hooks=[thousands_on_y],
    )
