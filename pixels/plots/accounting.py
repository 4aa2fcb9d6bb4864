"""What became of all that was received, as a stack a day."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.plots.theme import (
    GREY,
    HEIGHT,
    PALETTE,
    WIDTH,
    boxes,
    day_axis,
    dressed,
    load_backend,
    nothing_to_draw,
)

_LABELS = {
    "counted": "Counted",
    "same_player_again": "Same player again",
    "credited_to_another_banner": "Credited to another banner",
    "same_event_again": "Same event again",
    "bots": "Crawlers",
}
_COLORS = dict(zip(_LABELS, (PALETTE[0], PALETTE[5], PALETTE[1], PALETTE[3], GREY), strict=True))
_HALF_A_BAR = pl.duration(hours=10)


def accounting_bars(frame: pl.DataFrame, width: int | None = WIDTH, height: int = HEIGHT) -> Any:
    """Draw `wh.accounting(...)`: a bar a day, as high as what was received, in the parts that it is the sum of.

    All types and banners of the frame are summed; parts that are empty on every day are left out. `width` None fills
    the page.
    """
    if frame.is_empty():
        return nothing_to_draw(width, height)
    load_backend()
    days = frame.group_by("event_date").agg(pl.col("received", *_LABELS).sum()).sort("event_date")
    return dressed(
        hv.Overlay([_part(part, name) for name, part in _stacked(days).items()]),
        width,
        height,
        title="",
        xlabel="Day",
        ylabel="Received",
        ylim=(0, None),
        padding=(0.02, 0.1),
        legend_position="top",
        legend_cols=2,
        **day_axis(days["event_date"]),
    )


def _stacked(days: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the rectangles of each part that is not empty, each part standing on those before it."""
    midnight = pl.col("event_date").cast(pl.Datetime("ms"))
    parts: dict[str, pl.DataFrame] = {}
    below = pl.lit(0, pl.Int64)
    for name, label in _LABELS.items():
        parts[name] = days.select(
            left=midnight - _HALF_A_BAR,
            bottom=below,
            right=midnight + _HALF_A_BAR,
            top=below + pl.col(name),
            day=pl.col("event_date").dt.to_string(),
            part=pl.lit(label),
            records=name,
            received="received",
        ).filter(pl.col("records") > 0)
        below = below + pl.col(name)
    return {name: part for name, part in parts.items() if not part.is_empty()}


def _part(part: pl.DataFrame, name: str) -> Any:
    tooltips = [
        ("Day", "@day"),
        ("", "@part"),
        ("Records", "@records{0,0}"),
        ("of received", "@received{0,0}"),
    ]
    return boxes(part, ["day", "part", "records", "received"], tooltips, _LABELS[name], color=_COLORS[name])
