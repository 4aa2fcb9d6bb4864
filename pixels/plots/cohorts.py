"""Cohorts as a table of coloured cells."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.errors import BadParameter
from pixels.plots.theme import (
    HEIGHT,
    PALETTE,
    WIDTH,
    boxes,
    check_limit,
    dashes_drawn,
    dressed,
    high_enough,
    load_backend,
    nothing_to_draw,
    texts,
)

_MEASURES = {
    "first_deposit_rate": ("first_depositors", "First deposit made by then"),
    "repeat_deposit_rate": ("repeat_depositors", "Deposited on a second day by then"),
    "active_rate": ("active_depositors", "Deposited in it"),
}
# From nearly white to the palette's blue, both opaque: the writing in a cell is readable on light and dark pages alike.
_LIGHT, _FULL = (0xDC, 0xEB, 0xF5), (0x00, 0x72, 0xB2)
_INK_ON_LIGHT, _INK_ON_FULL = "#000000", "#FFFFFF"
_FULL_FROM = 0.92  # here both inks stand out alike, 4.6 to 1
_MOST_WRITTEN = 30


def cohorts_table(
    frame: pl.DataFrame,
    measure: str = "first_deposit_rate",
    limit: int = 15,
    width: int | None = WIDTH,
    height: int = HEIGHT,
) -> Any:
    """Draw a rate of `wh.cohorts(...)`: a line a cohort, the newest below, a cell a week or month; the fuller, the higher.

    Cells that are not mature have a dashed frame. The newest `limit` cohorts are drawn; the title says when there are
    more. Of more than 30 weeks or months only tooltips say the rates. `width` None fills the page; many cohorts make it higher.
    """
    if measure not in _MEASURES:
        raise BadParameter("measure", f"{measure!r} is not one of {', '.join(_MEASURES)}")
    check_limit(limit)
    if frame.is_empty():
        return nothing_to_draw(width, height)
    load_backend()
    cohorts = frame["cohort"].unique().sort()
    drawn = cohorts.tail(limit)
    cells = _placed(frame.filter(pl.col("cohort").is_in(drawn.implode())), measure)
    title = f"{_MEASURES[measure][1]} (%)"
    if cohorts.len() > limit:
        title += f": the newest {limit} of {cohorts.len():,} cohorts"
    offsets = int(cells["offset"].max()) + 1  # type: ignore[arg-type]
    written = [_percentages(cells)] if offsets <= _MOST_WRITTEN else []
    return dressed(
        hv.Overlay([*_frames(cells), *written]),
        width,
        high_enough(height, drawn.len()),
        title=title,
        xlabel=f"{_unit(cohorts)} after that of the registration",
        ylabel="Registered from",
        xticks=[(offset, str(offset)) for offset in range(0, offsets, -(-offsets // _MOST_WRITTEN))],
        yticks=[(-place, str(cohort)) for place, cohort in enumerate(drawn)],
        show_legend=False,
        padding=0.02,
        hooks=[dashes_drawn],
    )


def _unit(cohorts: pl.Series) -> str:
    """Return what the cohorts are of; one Monday that begins a month leaves it open."""
    if not (cohorts.dt.day() == 1).all():
        return "Weeks"
    return "Weeks or months" if (cohorts.dt.weekday() == 1).all() else "Months"


def _placed(frame: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Return each cell with its place, its colours, and what is written in it."""
    highest = frame[measure].max() or 1
    share = pl.col(measure) / highest
    parts = [(low + (high - low) * share).round().cast(pl.Int64) for low, high in zip(_LIGHT, _FULL, strict=True)]
    fill = pl.concat_str(pl.lit("rgb("), pl.concat_str(*parts, separator=","), pl.lit(")"))
    across, down = pl.col("offset"), -(pl.col("cohort").rank("dense").cast(pl.Int64) - 1)
    return frame.select(
        "offset",
        "mature",
        "players",
        across=across,
        down=down,
        left=across - 0.48,
        bottom=down - 0.46,
        right=across + 0.48,
        top=down + 0.46,
        cohort=pl.col("cohort").dt.to_string(),
        depositors=_MEASURES[measure][0],
        percent=pl.format("{} %", (pl.col(measure) * 100).round(1)),
        whole_percent=(pl.col(measure) * 100).round().cast(pl.Int64).cast(pl.String),
        over=pl.when("mature").then(pl.lit("yes")).otherwise(pl.lit("not yet")),
        fill=fill,
        ink=pl.when(share < _FULL_FROM).then(pl.lit(_INK_ON_LIGHT)).otherwise(pl.lit(_INK_ON_FULL)),
    )


def _frames(cells: pl.DataFrame) -> list[Any]:
    """Return the cells: those that are over without a frame, the others with a dashed one."""
    shown = ["cohort", "offset", "percent", "depositors", "players", "over", "fill"]
    tooltips = [
        ("Registered from", "@cohort"),
        ("Weeks or months later", "@offset"),
        ("Players", "@depositors{0,0} of @players{0,0}, @percent"),
        ("Over", "@over"),
    ]
    framed: dict[str, Any] = {"line_color": PALETTE[1], "line_width": 2, "line_dash": "dashed"}
    return [
        boxes(part, shown, tooltips, color="fill", **look)
        for mature, look in ((True, {}), (False, framed))
        if not (part := cells.filter(pl.col("mature") == mature)).is_empty()
    ]


def _percentages(cells: pl.DataFrame) -> Any:
    return texts(cells.select("across", "down", "whole_percent", "ink"), "8pt", text_color="ink")
