"""Which share has converted by when: a curve within its limits."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.plots.theme import (
    HEIGHT,
    PALETTE,
    WIDTH,
    by_value,
    check_limit,
    dressed,
    load_backend,
    nothing_to_draw,
    short_labels,
)

_UNITS = ((86_400, "Days"), (3_600, "Hours"), (60, "Minutes"))
_MOST_WITH_LIMITS = 3


def time_to_convert_curve(frame: pl.DataFrame, limit: int = 5, width: int | None = WIDTH, height: int = HEIGHT) -> Any:
    """Draw `wh.time_to_convert(...)`: the share of those who have converted, in percent, within its limits.

    By a dimension there is a curve for each of the `limit` values with the most people, with limits where that leaves them
    apart; the title says when there are more. A curve ends where nobody was followed for longer. `width` None fills the page.
    """
    check_limit(limit)
    known = frame.filter(pl.col("converted_share").is_not_null())
    if known.is_empty():
        return nothing_to_draw(width, height, "Nobody began in these days")
    load_backend()
    named, heading = known.with_columns(value=pl.lit("Everybody")), ""
    if (dimension := frame.columns[0]) != "after_seconds":
        named, heading = by_value(known, dimension)
    values = named["value"].unique(maintain_order=True).to_list()
    drawn = values[: min(limit, len(PALETTE))]
    unit, name = _unit(frame)
    rows = _in_percent(named, unit)
    parts = [
        _curve(rows, value, label, color, heading)
        for value, label, color in zip(drawn, short_labels(drawn), PALETTE, strict=False)
    ]
    if len(drawn) <= _MOST_WITH_LIMITS:
        parts = [*(_limits(rows, value, color) for value, color in zip(drawn, PALETTE, strict=False)), *parts]
    return dressed(
        hv.Overlay(parts),
        width,
        height,
        title=f"The largest {len(drawn)} of {len(values):,}" if len(values) > len(drawn) else "",
        xlabel=f"{name} since they began",
        ylabel="Converted, %",
        ylim=(0, None),
        padding=(0, 0.08),
        legend_position="bottom_right",
        show_legend=bool(heading),
    )


def _unit(frame: pl.DataFrame) -> tuple[int, str]:
    """Return the unit of the rows in seconds, and its name."""
    step = int(frame["after_seconds"].filter(frame["after_seconds"] > 0).min() or 1)  # type: ignore[arg-type]
    return next(((seconds, name) for seconds, name in _UNITS if step % seconds == 0), (1, "Seconds"))


def _in_percent(named: pl.DataFrame, unit: int) -> pl.DataFrame:
    share = pl.col("converted_share")
    lower, upper = pl.col("lower").fill_null(share), pl.col("upper").fill_null(share)
    return named.with_columns(
        after=pl.col("after_seconds") / unit, percent=share * 100, low=lower * 100, high=upper * 100
    )


def _curve(rows: pl.DataFrame, value: str, label: str, color: str, heading: str) -> Any:
    shown = ["value", "low", "high", "at_risk", "people"]
    tooltips = [
        *([(heading, "@value")] if heading else []),
        ("After", "@after"),
        ("Converted", "@percent{0.0} % (@low{0.0} to @high{0.0})"),
        ("Still followed", "@at_risk{0,0} of @people{0,0}"),
    ]
    return hv.Curve(rows.filter(value=value), "after", ["percent", *shown], label=label).opts(
        color=color, line_width=2, tools=["hover"], hover_tooltips=tooltips, backend="bokeh"
    )


def _limits(rows: pl.DataFrame, value: str, color: str) -> Any:
    of_value = rows.filter(value=value).select("after", "low", "high")
    return hv.Area(of_value, "after", ["low", "high"]).opts(color=color, fill_alpha=0.18, line_alpha=0, backend="bokeh")
