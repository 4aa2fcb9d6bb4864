"""Conversion rates as pairs of bars, each with the numbers that it divides."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.plots.theme import (
    EVENT_COLORS,
    HEIGHT,
    WIDTH,
    boxes,
    by_value,
    check_limit,
    dressed,
    load_backend,
    named_places,
    nothing_to_draw,
    percent,
    places_on_x,
    texts,
)
from pixels.rates import rate

_RATES = {
    "registration_rate": ("Visit to registration", "registrations", "visitors", EVENT_COLORS["registration"]),
    "deposit_rate": ("Registration to FTD", "deposits", "credited_registrations", EVENT_COLORS["deposit"]),
}
_EVERYBODY = "All banners"
_BAR = 0.4


def conversions_bars(frame: pl.DataFrame, limit: int = 6, width: int | None = WIDTH, height: int = HEIGHT) -> Any:
    """Draw `wh.conversions(...)`: the share of visitors who registered, and of those who deposited.

    By a dimension: side by side for the `limit` values with most visitors; the title says when there are more. A rate whose
    denominator is 0 has no bar. Of a frame by day the days are summed. `width` None fills the page.
    """
    check_limit(limit)
    frame = _over_all_days(frame)
    if frame.is_empty() or not frame["visitors"].sum():
        return nothing_to_draw(width, height, "Nobody whose window is over")
    load_backend()
    named, heading = frame.with_columns(value=pl.lit(_EVERYBODY)), ""
    if frame.columns[0] != "visitors":
        named, heading = by_value(frame, frame.columns[0])
    rows = named.head(limit).with_columns(place=pl.int_range(pl.len()))
    bars = pl.concat([_bars(rows, name, side) for side, name in enumerate(_RATES)])
    highest = float(bars["top"].max() or 0)  # type: ignore[arg-type]
    return dressed(
        hv.Overlay([*map(_rectangles, bars.partition_by("name", maintain_order=True)), _numbers(bars)]),
        width,
        height,
        title=f"The largest {limit} of {frame.height:,}" if frame.height > limit else "",
        xlabel=heading,
        ylabel="Within 7 days of the visit (%)",
        **named_places(rows["value"].to_list()),
        ylim=(0, max(highest, 1) * 1.15),
        legend_position="top",
        legend_cols=2,
        hooks=[places_on_x],
    )


def _over_all_days(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame as it is without `per`: counts summed over the days of entry, the most visitors first."""
    if frame.columns[0] != "entry_date":
        return frame
    dimension = [name for name in frame.columns[1:2] if name != "visitors"]
    counts = pl.col(*(name for _, *both, _ in _RATES.values() for name in both), "immature").sum()
    sums = frame.group_by(dimension).agg(counts) if dimension else frame.select(counts)
    rates = {name: rate(part, whole) for name, (_, part, whole, _) in _RATES.items()}
    most_first = [pl.col("visitors").neg(), *dimension]
    return sums.with_columns(**rates).sort(most_first, nulls_last=True).select(frame.columns[1:])


def _bars(rows: pl.DataFrame, measure: str, side: int) -> pl.DataFrame:
    """Return the bars of one rate, to the left or to the right of each place."""
    name, part, whole, color = _RATES[measure]
    left = pl.col("place") + (side - 1) * _BAR
    return rows.filter(pl.col(measure).is_not_null()).select(
        left=left + 0.02,
        right=left + _BAR - 0.02,
        bottom=pl.lit(0.0),
        top=pl.col(measure) * 100,
        middle=left + _BAR / 2,
        name=pl.lit(name),
        color=pl.lit(color),
        value="value",
        percent=percent(measure),
        part=part,
        whole=whole,
        immature="immature",
    )


def _rectangles(bars: pl.DataFrame) -> Any:
    shown = ["name", "value", "percent", "part", "whole", "immature"]
    tooltips = [
        ("", "@value"),
        ("@name", "@percent, @part{0,0} of @whole{0,0}"),
        ("Window not over yet", "@immature{0,0}"),
    ]
    return boxes(bars, shown, tooltips, bars["name"][0], color=bars["color"][0])


def _numbers(bars: pl.DataFrame) -> Any:
    return texts(bars.select("middle", "top", "percent"), "8pt", text_baseline="bottom")
