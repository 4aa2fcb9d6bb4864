"""What counts, and what would count by another rule, as pairs of bars."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.errors import BadParameter
from pixels.plots.theme import (
    EVENT_COLORS,
    GREY,
    HEIGHT,
    WIDTH,
    boxes,
    by_value,
    check_limit,
    dressed,
    load_backend,
    nothing_to_draw,
    places_on_y,
    short_labels,
    texts,
    thousands_on_x,
)

_TYPES = {"visit": "Visits", "registration": "Registrations", "deposit": "Deposits"}
_PER_PLACE = 34
_BAR = 0.38
_LETTER, _BESIDE, _NARROWEST = 6.3, 215, 390
"""Pixels: of a letter of what is written, of what stands left of the axis, and of a page as narrow as a phone."""


def what_if_bars(
    frame: pl.DataFrame, event_type: str = "visit", limit: int = 10, width: int | None = WIDTH, height: int = HEIGHT
) -> Any:
    """Draw `wh.what_if(...)` of one event type: for each banner what counts, and below it what would count.

    Right of them stands by how much the second differs. The `limit` banners with the most of either, the most on top; the
    title says when there are more. Of a frame by day the days are summed. `width` None fills the page; many bars make it
    higher.
    """
    if event_type not in _TYPES:
        raise BadParameter("event_type", f"{event_type!r} is not one of {', '.join(_TYPES)}")
    check_limit(limit)
    dimension = frame.columns[-4]
    of_type = frame.filter(pl.col("event_type") == event_type)
    sums = of_type.group_by(dimension).agg(pl.col("count", "what_if", "difference").sum())
    if sums.is_empty():
        return nothing_to_draw(width, height)
    load_backend()
    named, heading = by_value(sums, dimension)
    rows = _placed(named, limit)
    most = max(*rows["count"], *rows["what_if"])
    parts = [_bars(rows, *part, heading) for part in _parts(event_type)]
    return dressed(
        hv.Overlay([*parts, _differences(rows, most)]),
        width,
        max(height, _PER_PLACE * rows.height + 110),
        title=f"The largest {limit} of {sums.height:,}" if sums.height > limit else "",
        xlabel=f"{_TYPES[event_type]} that count",
        ylabel=heading,
        xlim=(0, _end(rows, most, _NARROWEST if width is None else width)),
        ylim=(-0.6, rows.height - 0.4),
        yticks=list(rows.select("place", "label").iter_rows()),
        legend_position="top",
        legend_cols=2,
        hooks=[thousands_on_x, places_on_y],
    )


def _parts(event_type: str) -> tuple[tuple[str, str, str, float], ...]:
    """Return what is drawn: a column, its name, its colour, and where its bar lies above the place."""
    return ("count", "Counts", EVENT_COLORS[event_type], 0.0), ("what_if", "Would count", GREY, -_BAR)


def _placed(named: pl.DataFrame, limit: int) -> pl.DataFrame:
    """Return the rows to draw, the most on top, with what is written of each."""
    most_first = [pl.max_horizontal("count", "what_if").neg(), pl.col("value")]
    largest = named.sort(most_first).head(limit)
    written = [_written(*pair) for pair in largest.select("count", "difference").iter_rows()]
    return largest.with_columns(
        pl.Series("label", short_labels(largest["value"].to_list()), dtype=pl.String),
        pl.Series("written", written, dtype=pl.String),
        place=pl.len() - 1 - pl.int_range(pl.len()),
    )


def _written(count: int, difference: int) -> str:
    """Write by how much it differs: +3.4 %, or where nothing counts +7."""
    if not difference:
        return "the same"
    return f"{difference / count * 100:+,.1f} %" if count else f"{difference:+,}"


def _bars(rows: pl.DataFrame, column: str, name: str, color: str, above: float, heading: str) -> Any:
    bars = rows.with_columns(
        left=pl.lit(0), right=pl.col(column), bottom=pl.col("place") + above, top=pl.col("place") + above + _BAR
    )
    tooltips = [
        (heading, "@value"),
        ("Counts", "@count{0,0}"),
        ("Would count", "@what_if{0,0}"),
        ("Difference", "@difference{+0,0}"),
    ]
    return boxes(bars, ["value", "count", "what_if", "difference"], tooltips, name, color=color)


def _differences(rows: pl.DataFrame, most: int) -> Any:
    right = pl.max_horizontal("count", "what_if") + most * 0.015
    return texts(rows.select(right, "place", "written"), "9pt", text_align="left", text_baseline="middle")


def _end(rows: pl.DataFrame, most: int, width: int) -> float:
    """Return where the axis ends: with room right of the longest bar for what is written there."""
    letters = max(map(len, rows["written"]))
    part = min(0.7, letters * _LETTER / max(1, width - _BESIDE))
    return max(1, most) * 1.03 / (1 - part)
