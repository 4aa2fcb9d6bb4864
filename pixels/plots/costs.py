"""What a registration or a first deposit has cost, as bars."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.errors import BadParameter
from pixels.plots.money import written
from pixels.plots.theme import (
    EVENT_COLORS,
    HEIGHT,
    PALETTE,
    WIDTH,
    by_value,
    check_limit,
    dressed,
    high_enough,
    load_backend,
    nothing_to_draw,
    places_on_y,
    short_labels,
)

MEASURES = {"cost_per_ftd": "Cost per FTD", "cost_per_registration": "Cost per registration", "cost": "Cost"}
_COLORS = {
    "cost_per_ftd": EVENT_COLORS["deposit"],
    "cost_per_registration": EVENT_COLORS["registration"],
    "cost": PALETTE[3],
}


def costs_bars(
    frame: pl.DataFrame, measure: str = "cost_per_ftd", limit: int = 15, width: int | None = WIDTH, height: int = HEIGHT
) -> Any:
    """Draw one measure of `wh.costs(...)`: cost_per_ftd, cost_per_registration or cost; the `limit` dearest, dearest on top.

    The title says when there are more, and of how many there is no such figure: no cost is known, or nobody came for it.
    `width` None fills the page; many bars make it higher.
    """
    if measure not in MEASURES:
        raise BadParameter("measure", f"{measure!r} is not one of {', '.join(MEASURES)}")
    check_limit(limit)
    named, heading = by_value(frame, frame.columns[0])
    known = named.filter(pl.col(measure).is_not_null())
    if known.is_empty():
        return nothing_to_draw(width, height, f"No {MEASURES[measure].replace('Cost', 'cost')} in these days")
    load_backend()
    dearest = known.sort(measure, "value", descending=[True, False]).head(limit)
    bars = hv.Bars(_drawn(dearest, measure), "label", ["length", *_SHOWN, "value"]).opts(
        color=_COLORS[measure],
        line_color=None,
        bar_width=0.7,
        tools=["hover"],
        hover_tooltips=[(heading, "@value"), *((label, f"@{name}") for name, label in _SHOWN.items())],
        invert_axes=True,
        backend="bokeh",
    )
    return dressed(
        bars,
        width,
        high_enough(height, dearest.height),
        title=_title(limit, known.height, frame.height - known.height),
        xlabel=heading,
        ylabel=f"{MEASURES[measure]}, as imported",
        ylim=(0, None),
        hooks=[_amounts_on_x, places_on_y],
    )


_SHOWN = {
    **MEASURES,
    "ftd": "FTD",
    "registrations": "Registrations",
    "banners_without_cost": "Banners without a cost, left out",
}


def _drawn(dearest: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Return the bars from the bottom up, and what tooltips say as text: Bokeh would show amounts as floats."""
    amounts = [
        pl.Series(name, ["-" if amount is None else written(amount) for amount in dearest[name]], dtype=pl.String)
        for name in MEASURES
    ]
    labels = pl.Series("label", short_labels(dearest["value"].to_list()), dtype=pl.String)
    return (
        dearest.with_columns(pl.col(measure).cast(pl.Float64).alias("length")).with_columns(labels, *amounts).reverse()
    )


def _title(limit: int, number: int, others: int) -> str:
    parts = [f"The dearest {limit} of {number:,}"] if number > limit else []
    parts += [f"{others:,} without this figure"] if others else []
    return "; ".join(parts)


def _amounts_on_x(plot: Any, _element: Any) -> None:
    from bokeh.models import NumeralTickFormatter

    for axis in plot.state.xaxis:
        axis.formatter = NumeralTickFormatter(format="0,0.[0000]")
