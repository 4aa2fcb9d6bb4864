"""Why somebody else's log and ours differ, a bar a reason."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.plots.theme import (
    HEIGHT,
    PALETTE,
    WIDTH,
    boxes,
    dressed,
    high_enough,
    load_backend,
    nothing_to_draw,
    places_on_y,
    thousands_on_x,
)

LABELS = {
    "counted_once": "Counted once",
    "other_banner": "Another banner",
    "other_day": "Another day",
    "other_time_zone": "Another time zone's day",
    "crawler": "Crawler",
    "refused": "Refused",
    "after_the_data": "Not in the data yet",
    "never_received": "Never received",
    "unreadable_row": "Row cannot be read",
    "received_not_counted": "Received, does not count",
    "partly_not_counted": "Some received, do not count",
    "other_player_id": "Another player",
    "other_amount": "Another amount",
    "other_currency": "Another currency",
    "no_click_id": "Ours has no click id",
    "no_txid": "Ours has no transaction id",
    "named_elsewhere": "The file has another of it",
    "not_in_their_log": "The file lacks it",
}
"""What each explanation of `wh.reconcile` is called."""
VERDICTS = {"missing": "Not in Pixels", "different": "Different", "extra": "Not in the file"}
_COLORS = dict(zip(VERDICTS, (PALETTE[1], PALETTE[3], PALETTE[0]), strict=True))


def reconcile_bars(frame: pl.DataFrame, width: int | None = WIDTH, height: int = HEIGHT) -> Any:
    """Draw `wh.reconcile(...).reasons`: a bar a reason, what is not in Pixels on top, the most first. `width` None fills the page."""
    if frame.is_empty():
        return nothing_to_draw(width, height, "Nothing differs")
    load_backend()
    order = pl.col("verdict").replace_strict({name: place for place, name in enumerate(VERDICTS)})
    rows = frame.sort(order, -pl.col("count"), "explanation").with_columns(
        reason=pl.col("explanation").replace(LABELS),
        side=pl.col("verdict").replace(VERDICTS),
        place=pl.len() - pl.int_range(pl.len()),
    )
    drawn = rows.with_columns(left=pl.lit(0), right="count", bottom=pl.col("place") - 0.35, top=pl.col("place") + 0.35)
    shown = ["reason", "side", "count"]
    tooltips = [("", "@reason"), ("@side", "@count{0,0}")]
    bars = [
        boxes(part, shown, tooltips, VERDICTS[name], color=_COLORS[name])
        for name in VERDICTS
        if not (part := drawn.filter(pl.col("verdict") == name)).is_empty()
    ]
    return dressed(
        hv.Overlay(bars),
        width,
        high_enough(height, rows.height),
        title="",
        xlabel="Rows",
        ylabel="Reason",
        xlim=(0, max(1.0, float(rows["count"].max()) * 1.05)),  # type: ignore[arg-type]
        ylim=(0.4, rows.height + 0.6),
        yticks=list(rows.select("place", "reason").iter_rows()),
        legend_position="top",
        legend_cols=1,  # beside long reasons on a phone two would run out of the plot
        hooks=[thousands_on_x, places_on_y],
    )
