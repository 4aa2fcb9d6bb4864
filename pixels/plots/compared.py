"""How much more or less it is than before, a bar a figure."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.period import Period
from pixels.plots.theme import (
    DAILY_LABELS,
    GREY,
    HEIGHT,
    PALETTE,
    WIDTH,
    boxes,
    dressed,
    load_backend,
    nothing_to_draw,
    places_on_y,
    texts,
)
from pixels.words import day, days

_LABELS = {
    "daily_unique_visitors": "Daily unique visitors",
    "unique_visitors": "Unique visitors",
    "registrations": "Registrations",
    "ftd": "FTD",
    "ndc": "NDC",
    "first_deposits_without_registration": "First deposits without a registration",
    "deposit_days": "Deposit days",
    "deposit_transactions": "Deposit transactions",
}
_NOTHING = "nothing to compare with"
_NO_FIGURE = "Nothing to compare"
_HALF_A_BAR = 0.32
_PER_FIGURE = 30
_LETTER, _BESIDE, _NARROWEST = 6.3, 205, 390
"""Pixels: of a letter of the numbers, of what stands left of the axis, and of a page as narrow as a phone."""
_MORE, _FEWER = PALETTE[0], PALETTE[1]


def compare_bars(frame: pl.DataFrame, width: int | None = WIDTH, height: int = HEIGHT) -> Any:
    """Draw `wh.compare(...)`: a bar a figure, to the right for more than before and to the left for less, with both numbers.

    The title names the days. Where there is nothing to compare with, only the numbers are there. `width` None fills the page.
    """
    if frame.is_empty():
        return nothing_to_draw(width, height, _NO_FIGURE)
    start, end, before_start, before_end = frame.select(
        pl.col("start", "end", "before_start", "before_end").drop_nulls().first()
    ).row(0)
    title = days(Period(start, end))
    title += f" against {days(Period(before_start, before_end))}" if before_start else f": {_NOTHING}"
    return _changes(frame.with_columns(name=pl.col("figure").replace(_LABELS)), title, width, height)


def today_bars(frame: pl.DataFrame, width: int | None = WIDTH, height: int = HEIGHT) -> Any:
    """Draw `wh.today()` in the same way: each event type of the running day beside the same day a week earlier."""
    if frame.is_empty():
        return nothing_to_draw(width, height, _NO_FIGURE)
    row = frame.row(0, named=True)
    title = day(row["event_date"])
    if frame["before"].null_count() == frame.height:
        title += f": {_NOTHING}"
    else:
        title += f" against {day(row['before_date'])}, up to the same time of the day"
    in_order = pl.col("event_type").replace_strict(list(DAILY_LABELS), range(len(DAILY_LABELS)), return_dtype=pl.Int64)
    rows = frame.sort(in_order).rename({"count": "now"}).with_columns(name=pl.col("event_type").replace(DAILY_LABELS))
    return _changes(rows, title, width, height)


def _changes(rows: pl.DataFrame, title: str, width: int | None, height: int) -> Any:
    """Draw a row a figure, the first on top. In: name, now, before, change; figures that are not held are left out."""
    held = rows.filter(pl.col("now").is_not_null())
    if held.is_empty():
        return nothing_to_draw(width, height, _NO_FIGURE)
    load_backend()
    placed = held.with_columns(
        place=pl.len() - 1 - pl.int_range(pl.len()),
        percent=pl.col("change") * 100,
        written=_both_numbers(held),
    )
    low, high = _ends(placed, _NARROWEST if width is None else width)
    gap = (high - low) * 0.015
    return dressed(
        hv.Overlay([_line_at_nothing(), _bars(placed), _numbers(placed, gap)]),
        width,
        max(height, _PER_FIGURE * placed.height + 80),
        title=title,
        xlabel="Change, %",
        ylabel="",
        xlim=(low, high),
        ylim=(-0.6, placed.height - 0.4),
        yticks=list(placed.select("place", "name").iter_rows()),
        show_legend=False,
        hooks=[places_on_y],
    )


def _both_numbers(rows: pl.DataFrame) -> pl.Series:
    return pl.Series(
        [
            f"{now:,}" if before is None else f"{now:,}, before {before:,}"
            for now, before in rows.select("now", "before").iter_rows()
        ],
        dtype=pl.String,
    )


def _ends(rows: pl.DataFrame, width: int) -> tuple[float, float]:
    """Return where the axis begins and ends: with room for every bar, and right of it for its numbers.

    Numbers that go beyond the end are cut off, and 1,234 reads as 1,23 then: they get the room that they need, in pixels.
    """
    changes = [0.0, *rows["percent"].drop_nulls()]
    least, most = min(changes), max(changes)
    span = max(10.0, most - least)
    letters = max(map(len, rows["written"]))
    part = min(0.85, letters * _LETTER / max(1, width - _BESIDE))
    return least - (0.05 * span if least else 0.0), most + max(0.6, part / (1 - part)) * span * 1.05


def _bars(rows: pl.DataFrame) -> Any:
    nothing, percent = pl.lit(0.0), pl.col("percent")
    drawn = rows.filter(percent.is_not_null()).with_columns(
        left=pl.min_horizontal(nothing, percent),
        right=pl.max_horizontal(nothing, percent),
        bottom=pl.col("place") - _HALF_A_BAR,
        top=pl.col("place") + _HALF_A_BAR,
        color=pl.when(percent < 0).then(pl.lit(_FEWER)).otherwise(pl.lit(_MORE)),
    )
    shown = ["name", "now", "before", "percent", "color"]
    tooltips = [
        ("", "@name"),
        ("Now", "@now{0,0}"),
        ("Before", "@before{0,0}"),
        ("Change", "@percent{+0,0.0} %"),
    ]
    return boxes(drawn, shown, tooltips, color="color")


def _numbers(rows: pl.DataFrame, gap: float) -> Any:
    """Return what each figure is and was, as text right of its bar."""
    right = pl.max_horizontal(pl.lit(0.0), pl.col("percent"))
    placed = rows.select(x=right + gap, y="place", written="written")
    return texts(placed, "9pt", text_align="left", text_baseline="middle")


def _line_at_nothing() -> Any:
    return hv.VLine(0).opts(color=GREY, line_width=1, backend="bokeh")
