"""What one person did, in the order of time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import holoviews as hv
import polars as pl

from pixels.plots.theme import (
    EVENT_COLORS,
    GREY,
    STEP_LABELS,
    WIDTH,
    cut,
    dressed,
    inert,
    load_backend,
    nothing_to_draw,
)

_OUTCOMES = {
    "counted": "Counted",
    "same_player_again": "Same player again",
    "credited_to_another_banner": "Credited to another banner",
    "same_event_again": "Same event again",
    "bot": "Crawler",
}
_LONGEST_ID = 50
_HOUR = timedelta(hours=1)
_ROWS = {event_type: -place for place, event_type in enumerate(STEP_LABELS)}


def player_timeline(
    frame: pl.DataFrame, width: int | None = WIDTH, height: int = 220, *, time_zone: str = "UTC"
) -> Any:
    """Draw `wh.player(...)`: a line an event type, a mark a record; those that count are filled. `width` None fills the page.

    Instants are on the clock of `time_zone` (`wh.time_zone` for that of the days).
    """
    if frame.is_empty():
        return nothing_to_draw(width, height)
    load_backend()
    local = pl.col("created_at").dt.convert_time_zone(time_zone)
    rows = inert(frame).with_columns(
        place=pl.col("event_type").replace_strict(_ROWS, return_dtype=pl.Int64),
        color=pl.col("event_type").replace(EVENT_COLORS),
        name=pl.col("event_type").replace(STEP_LABELS),
        became=pl.col("outcome").replace(_OUTCOMES),
        at=local.dt.strftime(f"%Y-%m-%d %H:%M:%S {time_zone}"),
        is_counted=pl.col("outcome") == "counted",
        created_at=local.dt.replace_time_zone(None),
    )
    return dressed(
        hv.Overlay([*_lines(), *(_marks(rows, is_counted=is_counted) for is_counted in (False, True))]),
        width,
        height,
        **_moments(rows["created_at"]),
        title=f"Person {cut(rows['person'][0], _LONGEST_ID)}",
        xlabel=f"Time ({time_zone})",
        ylabel="",
        yticks=[(place, STEP_LABELS[event_type]) for event_type, place in _ROWS.items()],
        ylim=(min(_ROWS.values()) - 0.5, 0.5),
        padding=(0.05, 0),
        show_legend=False,
    )


def _moments(instants: pl.Series) -> dict[str, Any]:
    """Return the ends of the axis of what happened within an hour: with room, or it would count milliseconds."""
    first, last = instants.min(), instants.max()
    if last - first > _HOUR:  # type: ignore[operator]
        return {}
    return {"xlim": (first - _HOUR / 2, last + _HOUR / 2)}  # type: ignore[operator]


def _lines() -> list[Any]:
    """Return a thin line for each event type, on which its marks stand."""
    return [hv.HLine(place).opts(color=GREY, line_width=1, alpha=0.3, backend="bokeh") for place in _ROWS.values()]


def _marks(rows: pl.DataFrame, *, is_counted: bool) -> Any:
    shown = ["place", "name", "banner_tag", "player_id", "at", "became", "color"]
    return hv.Scatter(rows.filter(pl.col("is_counted") == is_counted), "created_at", shown).opts(
        color="color",
        fill_alpha=1 if is_counted else 0,
        line_width=2,
        size=11,
        tools=["hover"],
        hover_tooltips=[
            ("", "@name, @became"),
            ("At", "@at"),
            ("Banner", "@banner_tag"),
            ("Sent as", "@player_id"),
        ],
        backend="bokeh",
    )
