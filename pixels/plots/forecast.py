"""How many of each cohort have converted, and how many are expected to, as bars with limits."""

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
    check_limit,
    dashes_drawn,
    day_axis,
    dressed,
    load_backend,
    nothing_to_draw,
)

_COLORS = {"deposit": EVENT_COLORS["deposit"], "registration": EVENT_COLORS["registration"]}
_FAINT: dict[str, Any] = {"fill_alpha": 0.3, "line_dash": "dashed", "line_color": GREY, "line_width": 1.5}
_HALF = 0.4


def forecast_bars(
    frame: pl.DataFrame, conversion: str = "deposit", limit: int = 26, width: int | None = WIDTH, height: int = HEIGHT
) -> Any:
    """Draw `wh.forecast(...)`: a bar a cohort of those who have converted, and on it, pale, of those who are expected to.

    A line reaches from the lower to the upper limit. The newest `limit` cohorts; the title says when there are more. `conversion`
    chooses the colour. `width` None fills the page.
    """
    if conversion not in _COLORS:
        raise BadParameter("conversion", f"{conversion!r} is not one of {', '.join(_COLORS)}")
    check_limit(limit)
    if frame.is_empty():
        return nothing_to_draw(width, height, "Nobody began in these days")
    load_backend()
    rows = _placed(frame.sort("cohort").tail(limit))
    color = _COLORS[conversion]
    axis = day_axis(rows["cohort"])
    return dressed(
        hv.Overlay(
            [_bars(rows, "have", "Converted", color), _bars(rows, "will", "Expected", color, **_FAINT), _limits(rows)]
        ),
        width,
        height,
        title=f"The newest {limit} of {frame.height:,} cohorts" if frame.height > limit else "",
        xlabel="Cohort, first day",
        ylabel="People",
        ylim=(0, None),
        padding=(0.02, 0.1),
        legend_position="top",
        legend_cols=2,
        **{**axis, "hooks": [*axis["hooks"], dashes_drawn]},
    )


def _placed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return where the bars stand: as wide as the shortest cohort, but for a gap."""
    between = rows["cohort"].diff().dt.total_days().min() or 7
    half = pl.duration(hours=round(24 * _HALF * int(between)))  # type: ignore[arg-type]
    midnight = pl.col("cohort").cast(pl.Datetime("ms"))
    return rows.with_columns(
        left=midnight - half,
        right=midnight + half,
        middle=midnight,
        day=pl.col("cohort").dt.to_string(),
        from_to=pl.format("{} to {}", pl.col("lower").cast(pl.Int64), pl.col("upper").cast(pl.Int64)),
    )


def _bars(rows: pl.DataFrame, part: str, label: str, color: str, **look: Any) -> Any:
    known = rows if part == "have" else rows.filter(pl.col("expected") > pl.col("converted"))
    ends = (
        (pl.lit(0.0), pl.col("converted").cast(pl.Float64))
        if part == "have"
        else (pl.col("converted").cast(pl.Float64), pl.col("expected"))
    )
    drawn = known.with_columns(bottom=ends[0], top=ends[1])
    tooltips = [
        ("Cohort", "@day"),
        ("People", "@people{0,0}"),
        ("Converted", "@converted{0,0}"),
        ("Expected in the end", "@expected{0,0} (@from_to)"),
        ("Still open", "@open{0,0}"),
    ]
    shown = ["day", "people", "converted", "expected", "from_to", "open"]
    return boxes(drawn, shown, tooltips, label, color=color, **look)


def _limits(rows: pl.DataFrame) -> Any:
    wide = rows.filter(pl.col("upper") > pl.col("lower")).select(
        "middle", "lower", pl.col("middle").alias("end"), "upper"
    )
    return hv.Segments(wide, ["middle", "lower", "end", "upper"]).opts(color=GREY, line_width=2, backend="bokeh")
